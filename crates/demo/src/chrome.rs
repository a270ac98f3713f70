//! The page around an invented platform's document: navigation, banners and the like, as real sites have them.
use pulldown_cmark::{Options, Parser, html};

use crate::world::{Document, Platform, Style};

/// The whole page. `day` changes things that are not the document (a counter in the footer), as real pages do.
pub fn page(platform: &Platform, document: &Document, markdown: &str, day: &str) -> String {
    let mut body = String::new();
    html::push_html(&mut body, Parser::new_ext(markdown, Options::ENABLE_TABLES));
    let main = match platform.style {
        Style::Plain => format!("<main><article>{body}</article></main>"),
        Style::Sidebar => format!(
            "<div class=\"layout\"><aside><h3>Related articles</h3><ul><li><a href=\"/help/1\">How to change your password</a></li>\
             <li><a href=\"/help/2\">Where is my order?</a></li></ul></aside><div id=\"content\" role=\"main\">{body}</div></div>"
        ),
        Style::Accordion => format!("<main class=\"legal\">{}</main>", folded(&body)),
        Style::DarkBanner => format!(
            "<div id=\"cookie-banner\" role=\"dialog\" aria-label=\"Cookie consent\"><p>We use cookies to make things better. \
             <button>Accept all</button> <button>Settings</button></p></div><div class=\"page\"><section class=\"document\">{body}</section></div>"
        ),
    };
    let links: String = platform
        .documents
        .iter()
        .map(|other| format!("<li><a href=\"{}\">{}</a></li>", other.path, escape(&other.title)))
        .collect();
    let (name, title) = (escape(&platform.name), escape(&document.title));
    format!(
        "<!doctype html>\n<html lang=\"{}\"><head><meta charset=\"utf-8\"><title>{title} | {name}</title>\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><style>{CSS}</style></head><body>\
         <header><a href=\"/\">{name}</a><nav><a href=\"/product\">Product</a> <a href=\"/pricing\">Pricing</a> <a href=\"/login\">Log in</a></nav></header>\
         {main}<footer><ul>{links}</ul><p>{name} is invented. Page generated on {day}.</p></footer>\
         <script>window.page = {{ day: \"{day}\" }};</script></body></html>\n",
        document.language
    )
}

/// The start page of a platform.
pub fn home(platform: &Platform) -> String {
    let links: String = platform
        .documents
        .iter()
        .map(|other| format!("<li><a href=\"{}\">{}</a></li>", other.path, escape(&other.title)))
        .collect();
    let name = escape(&platform.name);
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{name}</title><style>{CSS}</style></head><body>\
         <main><h1>{name}</h1><p>An invented platform. Its documents:</p><ul>{links}</ul></main></body></html>\n"
    )
}

/// Folds each second-level section into `details`.
fn folded(body: &str) -> String {
    let mut parts = body.split("<h2>");
    let mut out = parts.next().unwrap_or("").to_string();
    for part in parts {
        let (heading, rest) = part.split_once("</h2>").unwrap_or(("", part));
        out += &format!("<details><summary><h2>{heading}</h2></summary><div>{rest}</div></details>");
    }
    out
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

const CSS: &str = "body{font:16px/1.6 sans-serif;max-width:50rem;margin:0 auto;padding:1rem}header,footer{border-block:1px solid #ccc;\
                   padding:1rem 0}nav{float:right}table{border-collapse:collapse}td,th{border:1px solid #ccc;padding:.3rem .6rem}\
                   #cookie-banner{background:#222;color:#fff;padding:1rem}";
