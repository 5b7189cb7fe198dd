//! The seam between lines and what is made of them: closed seconds.

use super::Books;
use crate::report::{Rewind, Rolled};
use crate::stats::bucket::{Bucket, ClosedSecond};
use crate::stats::columns::SecondsInColumns;
use crate::stats::keys::Renumbering;
use crate::time::Second;

/// What closed seconds are handed over to.
///
/// Seconds come in order. Those that are left out were empty, and none of them was named by
/// [`ClosedSeconds::next_change`].
pub trait ClosedSeconds {
    /// The first record is believed, of the run or of a stretch of it; or, while no second has closed, that of another
    /// source.
    fn begin(&mut self, first: Second);

    /// The log from `from` up to `to`, exclusive, was not read, of one source at least; some of these seconds may have
    /// closed already, for all that is known as empty.
    fn unread(&mut self, from: Second, to: Second);

    /// Seconds close, in order, and are taken out of `run`: what comes of them is what would come of each alone. That they come
    /// together lets be done once for all of them what is the same for nearly all. Seconds between them are empty, and it
    /// was not asked whether they may be left out. `silent`: no record brought it about. Buckets that are not needed any more go to
    /// `recycle`.
    fn close(
        &mut self,
        run: &mut Vec<ClosedSecond>,
        silent: bool,
        books: &Books,
        recycle: impl FnMut(Box<Bucket>),
    );

    /// Whether [`ClosedSeconds::begin_columns`] could take any seconds, as things are.
    fn closes_in_columns(&self) -> bool {
        false
    }

    /// How many of these seconds, the first, change nothing that is told of a second: none where it is not known. They are to
    /// [close](ClosedSeconds::close_in_columns) next, others as all do. The seconds between them are empty.
    fn begin_columns(&mut self, _seconds: &SecondsInColumns<'_>, _books: &Books) -> usize {
        0
    }

    /// Closes the next of these seconds, which were begun with, behind those that closed before, and says how many: no more than
    /// up to where something is to be written, so that little waits to be.
    fn close_in_columns(
        &mut self,
        seconds: &SecondsInColumns<'_>,
        before: usize,
        _books: &Books,
    ) -> usize {
        seconds.len() - before
    }

    /// Records came late, for a second that is closed.
    fn late(&mut self, second: Second, bucket: &Bucket, books: &Books);

    /// Live, records came at `second` of the log's clock, whatever their own time is.
    fn heard(&mut self, second: Second, bucket: &Bucket);

    /// The input has ended, or a stretch of it: no more seconds close.
    fn end(&mut self, books: &Books);

    /// The log has gone back, after the [end](ClosedSeconds::end) of its stretch.
    fn rewind(&mut self, rewind: Rewind, books: &Books);

    /// The next second from `from` on that must not be left out if all of them are empty; `None` for none.
    fn next_change(&self, from: Second) -> Option<Second>;

    /// Whether something grows from one empty second to the next.
    fn grows(&self) -> bool;

    /// Whether empty seconds are not to be left out in a silence.
    fn needs_every_second_of_a_silence(&self) -> bool;

    /// Rows of a rollup are to be written.
    fn rolled(&mut self, rolled: Rolled);

    /// Follows a reduction of the table of `dimension`, one of `dimensions`.
    fn renumber(&mut self, dimension: usize, dimensions: usize, ids: &Renumbering);
}
