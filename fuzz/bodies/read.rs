//! Bytes of any kind are read, or refused with a reason; what is read keeps what a reading promises.
use document::{Source, read, sentences, structure};

const KINDS: [Option<&str>; 5] =
    [Some("text/html"), Some("text/markdown"), Some("text/plain"), Some("application/pdf"), None];

/// The first byte chooses what the bytes are declared to be, the rest is the document.
pub fn run(data: &[u8]) {
    let Some((kind, bytes)) = data.split_first() else { return };
    let source = Source {
        bytes,
        content_type: KINDS[usize::from(*kind) % KINDS.len()],
        url: Some("https://plum.example/legal#terms"),
        ..Source::default()
    };
    let Ok(reading) = read(&source) else { return };
    assert_eq!(reading.structure, structure(&reading.text), "the structure is a function of the text");
    let mut end = 0;
    for clause in &reading.structure.clauses {
        assert!(clause.range.start >= end && clause.range.end > clause.range.start, "ranges are in order and apart");
        let words = &reading.text[clause.range.clone()];
        assert_eq!(words, words.trim());
        for sentence in sentences(words) {
            assert!(!words[sentence].is_empty());
        }
        end = clause.range.end;
    }
}
