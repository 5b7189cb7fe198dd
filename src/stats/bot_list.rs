//! The robots that are known, by what their user agent says. One row each: to add one, add its row.
//!
//! A pattern may be anywhere in the agent, in upper or lower case. If several match, the first row counts.
//! What runs a robot says what it calls itself; these pages do, as of November 2026:
//! Google (developers.google.com/search/docs/crawling-indexing/overview-google-crawlers), Bing
//! (bing.com/webmasters/help/which-crawlers-does-bing-use-8c184ec0), OpenAI (platform.openai.com/docs/bots), Anthropic
//! (support.claude.com, "Does Anthropic crawl data from the web"), Perplexity (docs.perplexity.ai/guides/bots), Mistral
//! (docs.mistral.ai/robots), Meta (developers.facebook.com/docs/sharing/webmasters/web-crawlers), Apple
//! (support.apple.com/119829), Amazon (developer.amazon.com/amazonbot), Common Crawl (commoncrawl.org/ccbot), and the
//! sources of the programs: Uptime Kuma, Prometheus' blackbox exporter, kube-probe, curl, Wget.

/// What robots are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BotKind {
    /// To find pages in a search engine.
    Search,
    /// To learn from pages, or to answer somebody's question by them.
    Ai,
    /// To see whether a site is up.
    Monitor,
    /// To sell what they know about sites and their links.
    Seo,
    /// To show what a link is about.
    Preview,
    /// To read news.
    Feed,
    /// To look for holes.
    Scanner,
    /// Programs and their libraries, whatever somebody does with them.
    Tool,
    /// Not known.
    Other,
}

impl BotKind {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            BotKind::Search => "search",
            BotKind::Ai => "ai",
            BotKind::Monitor => "monitor",
            BotKind::Seo => "seo",
            BotKind::Preview => "preview",
            BotKind::Feed => "feed",
            BotKind::Scanner => "scanner",
            BotKind::Tool => "tool",
            BotKind::Other => "other",
        }
    }
}

/// A robot: what it is called here, and the pattern in lower case.
pub struct Bot {
    /// Its key; `None` for what it calls itself.
    pub name: Option<&'static str>,
    /// What it is for.
    pub kind: BotKind,
    /// The pattern.
    pub pattern: &'static str,
}

const fn bot(name: &'static str, kind: BotKind, pattern: &'static str) -> Bot {
    Bot {
        name: Some(name),
        kind,
        pattern,
    }
}

/// A word for robots in general.
const fn word(pattern: &'static str, kind: BotKind) -> Bot {
    Bot {
        name: None,
        kind,
        pattern,
    }
}

use BotKind::{Ai, Feed, Monitor, Other, Preview, Scanner, Search, Seo, Tool};

/// Every pattern. Words for robots in general come last, since many names contain them.
pub const BOTS: &[Bot] = &[
    bot("Googlebot", Search, "googlebot"),
    bot("Google-Extended", Ai, "google-extended"),
    bot("Google-CloudVertexBot", Ai, "google-cloudvertexbot"),
    bot("Google-InspectionTool", Search, "google-inspectiontool"),
    bot("Google", Search, "-google"),
    bot("Google", Search, "google-"),
    bot("Google", Search, "googleother"),
    bot("Bingbot", Search, "bingbot"),
    bot("DuckAssistBot", Ai, "duckassistbot"),
    bot("DuckDuckBot", Search, "duckduckbot"),
    bot("YandexBot", Search, "yandexbot"),
    bot("Baiduspider", Search, "baiduspider"),
    bot("Applebot", Search, "applebot"),
    bot("Amazonbot", Ai, "amazonbot"),
    bot("PetalBot", Search, "petalbot"),
    bot("Slurp", Search, "slurp"),
    bot("SeznamBot", Search, "seznambot"),
    bot("Qwantbot", Search, "qwantbot"),
    bot("Sogou", Search, "sogou"),
    bot("Yeti", Search, "yeti/"),
    bot("msnbot", Search, "msnbot"),
    bot("archive.org_bot", Search, "archive.org_bot"),
    bot("GPTBot", Ai, "gptbot"),
    bot("ChatGPT-User", Ai, "chatgpt-user"),
    bot("OAI-SearchBot", Ai, "oai-searchbot"),
    bot("ClaudeBot", Ai, "claudebot"),
    bot("Claude-User", Ai, "claude-user"),
    bot("Claude-SearchBot", Ai, "claude-searchbot"),
    bot("anthropic-ai", Ai, "anthropic-ai"),
    bot("PerplexityBot", Ai, "perplexitybot"),
    bot("Perplexity-User", Ai, "perplexity-user"),
    bot("MistralAI-User", Ai, "mistralai-user"),
    bot("CCBot", Ai, "ccbot"),
    bot("Bytespider", Ai, "bytespider"),
    bot("cohere-ai", Ai, "cohere-ai"),
    bot("Diffbot", Ai, "diffbot"),
    bot("Meta", Ai, "meta-external"),
    bot("facebookexternalhit", Preview, "facebookexternalhit"),
    bot("Twitterbot", Preview, "twitterbot"),
    bot("LinkedInBot", Preview, "linkedinbot"),
    bot("Slackbot", Preview, "slackbot"),
    bot("Discordbot", Preview, "discordbot"),
    bot("TelegramBot", Preview, "telegrambot"),
    bot("WhatsApp", Preview, "whatsapp/"),
    bot("Pinterestbot", Preview, "pinterestbot"),
    bot("AhrefsBot", Seo, "ahrefs"),
    bot("SemrushBot", Seo, "semrushbot"),
    bot("MJ12bot", Seo, "mj12bot"),
    bot("DotBot", Seo, "dotbot"),
    bot("DataForSeoBot", Seo, "dataforseobot"),
    bot("BLEXBot", Seo, "blexbot"),
    bot("Barkrowler", Seo, "barkrowler"),
    bot("Screaming Frog", Seo, "screaming frog"),
    bot("UptimeRobot", Monitor, "uptimerobot"),
    bot("Uptime-Kuma", Monitor, "uptime-kuma"),
    bot("Better Uptime", Monitor, "better uptime"),
    bot("StatusCake", Monitor, "statuscake"),
    bot("Site24x7", Monitor, "site24x7"),
    bot("Pingdom", Monitor, "pingdom"),
    bot("DatadogSynthetics", Monitor, "datadogsynthetics"),
    bot("Datadog", Monitor, "datadog agent"),
    bot("Blackbox Exporter", Monitor, "blackbox exporter"),
    bot("check_http", Monitor, "check_http"),
    bot("Zabbix", Monitor, "zabbix"),
    bot("kube-probe", Monitor, "kube-probe"),
    bot("ELB-HealthChecker", Monitor, "elb-healthchecker"),
    bot("GoogleHC", Monitor, "googlehc"),
    bot("Route 53", Monitor, "amazon-route53-health-check"),
    bot("Prometheus", Monitor, "prometheus/"),
    bot("Feedly", Feed, "feedly/"),
    bot("FreshRSS", Feed, "freshrss"),
    bot("Tiny Tiny RSS", Feed, "tiny tiny rss"),
    bot("curl", Tool, "curl/"),
    bot("Wget", Tool, "wget/"),
    bot("Python", Tool, "python-"),
    bot("Python", Tool, "aiohttp"),
    bot("Go", Tool, "go-http-client"),
    bot("Java", Tool, "java/"),
    bot("Apache-HttpClient", Tool, "apache-httpclient"),
    bot("okhttp", Tool, "okhttp/"),
    bot("axios", Tool, "axios/"),
    bot("node-fetch", Tool, "node-fetch"),
    bot("GuzzleHttp", Tool, "guzzlehttp"),
    bot("Perl", Tool, "libwww-perl"),
    bot("Postman", Tool, "postmanruntime"),
    bot("Scrapy", Tool, "scrapy"),
    bot("HeadlessChrome", Tool, "headlesschrome"),
    bot("zgrab", Scanner, "zgrab"),
    bot("masscan", Scanner, "masscan"),
    bot("Nmap", Scanner, "nmap scripting"),
    bot("Nikto", Scanner, "nikto"),
    bot("sqlmap", Scanner, "sqlmap"),
    bot("Nuclei", Scanner, "nuclei"),
    bot("CensysInspect", Scanner, "censysinspect"),
    bot("WPScan", Scanner, "wpscan"),
    word("bot", Other),
    word("crawler", Other),
    word("spider", Other),
    word("monitor", Monitor),
    word("feed", Feed),
    word("+http", Other),
];
