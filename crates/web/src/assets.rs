//! Files that never change under their name: style sheet, fonts, icon, script. A hash of the content is part of the name, so browsers keep
//! them for a year.
use std::sync::LazyLock;

use axum::Router;
use axum::http::header;
use axum::response::IntoResponse;
use axum::routing::get;

use crate::site::Site;

/// Where they live.
pub(crate) const FOLDER: &str = "/static/";

const FOR_EVER: &str = "public, max-age=31536000, immutable";
const ICON: &str = include_str!("static/icon.svg");

/// A file with its address.
pub(crate) struct Asset {
    /// Its address.
    pub path: String,
    kind: &'static str,
    bytes: Vec<u8>,
}

impl Asset {
    fn new(name: &str, ending: &str, kind: &'static str, bytes: Vec<u8>) -> Asset {
        let digest = archive::Sha256Digest::of(&bytes).to_string();
        Asset { path: format!("{FOLDER}{name}.{}.{ending}", &digest[..12]), kind, bytes }
    }
}

static SERIF: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("serif", "woff2", "font/woff2", include_bytes!("static/fonts/serif.woff2").to_vec()));
static SANS: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("sans", "woff2", "font/woff2", include_bytes!("static/fonts/sans.woff2").to_vec()));

/// The style sheet; the fonts' names are filled in, since they hold a hash.
pub(crate) static STYLE: LazyLock<Asset> = LazyLock::new(|| {
    let css = concat!(include_str!("static/style.css"), include_str!("static/records.css"))
        .replace("serif.woff2", &SERIF.path)
        .replace("sans.woff2", &SANS.path);
    Asset::new("style", "css", "text/css; charset=utf-8", css.into_bytes())
});

/// The script of pages that ask for passkeys; no other page has one.
pub(crate) static PASSKEYS: LazyLock<Asset> = LazyLock::new(|| {
    let text = include_bytes!("static/passkeys.js").to_vec();
    Asset::new("passkeys", "js", "text/javascript; charset=utf-8", text)
});

/// Their routes, and the two addresses that browsers and crawlers ask for unbidden.
pub(crate) fn routes() -> Router<Site> {
    let mut router = Router::new();
    for asset in [&*STYLE, &*SERIF, &*SANS, &*PASSKEYS] {
        let answer =
            || async { ([(header::CONTENT_TYPE, asset.kind), (header::CACHE_CONTROL, FOR_EVER)], asset.bytes.clone()) };
        router = router.route(&asset.path, get(answer));
    }
    router.route("/favicon.svg", get(icon)).route("/favicon.ico", get(icon)).route("/robots.txt", get(robots))
}

async fn icon() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "image/svg+xml"), (header::CACHE_CONTROL, "public, max-age=86400")], ICON)
}

async fn robots() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], "User-agent: *\nDisallow: /search\nDisallow: /check\n")
}
