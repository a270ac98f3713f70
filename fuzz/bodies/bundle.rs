//! A forged or damaged evidence bundle is refused, or fails a check; it never passes by accident.
use archive::evidence::verify_bundle;

/// The bytes are the bundle. Its key is not one that we trust, so nothing made of noise can be trusted.
pub fn run(data: &[u8]) {
    if let Ok(report) = verify_bundle(data, None) {
        assert!(!report.trusted(), "a bundle is not trusted for its own key");
        let _ = report.to_string();
    }
}
