//! Textual signals that raise or lower a provision's severity.
