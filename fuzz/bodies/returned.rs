//! Mail that comes back may be anything. It is read without a panic, and names few tokens, each of a form that can be one.
use alerts::returned::read;

/// The bytes are the mail.
pub fn run(data: &[u8]) {
    let read = read(data);
    for tokens in [&read.returns, &read.leaves, &read.links] {
        assert!(tokens.len() <= 8, "each is looked up in the store");
    }
    for token in read.returns.iter().chain(&read.leaves) {
        assert!(token.starts_with(['r', 'l']) && token.len() > 33 && !token.contains(['@', '+']), "{token}");
    }
}
