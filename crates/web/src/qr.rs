//! QR codes as drawings in a page. They are made here: what they say goes to nobody else.
use std::fmt::Write;

use qrcodegen::{QrCode, QrCodeEcc};

/// Light modules around the code, as ISO/IEC 18004 asks for.
const QUIET: i32 = 4;

/// A text as a QR code, dark on light whatever the page's colours are, with words for who does not see it. None if the text is too long for
/// one: more than 2331 bytes.
pub(crate) fn svg(text: &str, label: &str) -> Option<String> {
    let code = QrCode::encode_text(text, QrCodeEcc::Medium).ok()?;
    let (size, mut dark) = (code.size(), String::new());
    for y in 0..size {
        for x in (0..size).filter(|x| code.get_module(*x, y)) {
            // Writing to a string does not fail.
            let _ = write!(dark, "M{} {}h1v1h-1z", x + QUIET, y + QUIET);
        }
    }
    let side = size + 2 * QUIET;
    let label = crate::words::escaped(label);
    Some(format!(
        "<svg class=\"qr\" role=\"img\" aria-label=\"{label}\" viewBox=\"0 0 {side} {side}\" shape-rendering=\"crispEdges\">\
         <path fill=\"#fff\" d=\"M0 0h{side}v{side}H0z\"/><path fill=\"#000\" d=\"{dark}\"/></svg>"
    ))
}

#[cfg(test)]
mod tests {
    use super::svg;

    #[test]
    fn a_code_is_drawn_dark_on_light_with_its_words() {
        let drawn = svg("otpauth://totp/Clausewatch:a?secret=AB", "QR \"code\"").unwrap();
        let document = roxmltree::Document::parse(&drawn).unwrap();
        let root = document.root_element();
        assert_eq!((root.attribute("role"), root.attribute("aria-label")), (Some("img"), Some("QR \"code\"")));
        // Version 3 has 29 modules on a side, and its upper left corner is the dark ring of a finder.
        assert_eq!(root.attribute("viewBox"), Some("0 0 37 37"));
        let fills: Vec<_> = root.children().filter_map(|path| path.attribute("fill")).collect();
        assert_eq!(fills, ["#fff", "#000"]);
        let dark = root.children().filter_map(|path| path.attribute("d")).next_back().unwrap();
        assert!(dark.starts_with("M4 4h1v1h-1zM5 4h1v1h-1z") && !dark.contains("M5 5h"));
        // The module above the lower finder that is always dark: a mirrored code would have it elsewhere.
        assert!(dark.contains("M12 25h"));
    }

    #[test]
    fn what_is_too_long_is_no_code() {
        assert!(svg(&"a".repeat(2331), "").is_some() && svg(&"a".repeat(2332), "").is_none());
    }
}
