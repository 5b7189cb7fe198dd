//! What was meant: the known name that a mistyped one is nearest to.

/// Of `names` the one that `word` is nearest to, if it is near: no more than a third of its letters are wrong, missing,
/// too many or swapped (the optimal string alignment distance), and one always may be. The first of equals.
pub fn nearest<'n>(word: &str, names: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    let word = word.to_lowercase();
    let far = (word.chars().count() / 3).max(1);
    let near = names.into_iter().filter_map(|name| {
        let distance = strsim::osa_distance(&word, &name.to_lowercase());
        (distance <= far && distance < name.chars().count()).then_some((distance, name))
    });
    near.min_by_key(|&(distance, _)| distance)
        .map(|(_, name)| name)
}

/// `, did you mean 'client'?`, where something is near; else nothing.
pub fn question<'n>(word: &str, names: impl IntoIterator<Item = &'n str>) -> String {
    let near = nearest(word, names);
    near.map_or(String::new(), |name| format!(", did you mean '{name}'?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_found_if_it_is_near() {
        let names = ["replay", "report", "section", "client", "top"];
        for (word, want) in [
            ("replya", Some("replay")),
            ("repot", Some("report")),
            ("sections", Some("section")),
            ("CLIENT", Some("client")),
            ("tpo", Some("top")),
            ("cops", None),
            ("x", None),
            ("dimension", None),
            ("", None),
        ] {
            assert_eq!(nearest(word, names), want, "{word}");
        }
        assert_eq!(nearest("x-tenent", ["X-Id", "X-Tenant"]), Some("X-Tenant"));
        assert_eq!(question("tip", names), ", did you mean 'top'?");
        assert_eq!(question("none", names), "");
    }
}
