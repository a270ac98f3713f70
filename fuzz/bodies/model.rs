//! A damaged model file is refused; one that is accepted can be written again and gives the same bytes.
use provisions::model::Model;

/// The bytes are the model.
pub fn run(data: &[u8]) {
    if let Ok(model) = Model::from_bytes(data) {
        let again = model.to_bytes();
        assert_eq!(Model::from_bytes(&again).map(|model| model.to_bytes()).ok(), Some(again));
    }
}
