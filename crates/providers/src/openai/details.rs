//! `reasoning_details`: what a model behind OpenRouter thought, some of it signed or encrypted. Where it leads to calls of
//! tools, it goes back with their results as it came.

use serde_json::Value;

use super::completion::Broken;

/// Most bytes of one answer's.
const MOST: usize = 1 << 20;
/// Where its words stand, which come piece by piece.
const WORDS: [&str; 2] = ["text", "summary"];

/// The blocks of an answer, in their order.
#[derive(Debug, Default)]
pub(super) struct Details {
    blocks: Vec<Value>,
    bytes: usize,
}

impl Details {
    /// Takes the next pieces, and gives the words in them.
    pub(super) fn push(&mut self, pieces: Vec<Value>) -> Result<String, Broken> {
        let mut words = String::new();
        for piece in pieces {
            self.bytes += piece.to_string().len();
            if self.bytes > MOST {
                return Err(Broken::Garbled);
            }
            words.extend(WORDS.iter().filter_map(|name| piece[*name].as_str()));
            match self.blocks.last_mut() {
                Some(block) if goes_on(block, &piece) => lengthen(block, piece),
                _ => self.blocks.push(piece),
            }
        }
        Ok(words)
    }

    /// All of them as a JSON list; `None` where there are none.
    pub(super) fn finish(self) -> Option<String> {
        (!self.blocks.is_empty()).then(|| Value::from(self.blocks).to_string())
    }
}

/// Whether a piece is more of a block. A signature ends one.
fn goes_on(block: &Value, piece: &Value) -> bool {
    let same = |name: &str| block[name] == piece[name];
    let words = WORDS.iter().any(|name| block[*name].is_string());
    words && same("type") && same("index") && block["signature"].is_null()
}

fn lengthen(block: &mut Value, piece: Value) {
    let (Value::Object(block), Value::Object(piece)) = (block, piece) else {
        return;
    };
    for (name, said) in piece {
        match (block.get_mut(&name), said) {
            (_, Value::Null) => {}
            (Some(Value::String(words)), Value::String(more)) if WORDS.contains(&name.as_str()) => {
                words.push_str(&more);
            }
            (_, said) => {
                block.insert(name, said);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn pieces_become_the_blocks_that_they_were() {
        let mut details = Details::default();
        let text = |text: &str, index: u64| json!({"type": "reasoning.text", "text": text, "signature": null, "index": index});
        let sealed = json!({"type": "reasoning.encrypted", "data": "eyJ", "index": 2});
        let mut said = String::new();
        for pieces in [
            vec![text("One", 0)],
            vec![
                text(", two", 0),
                json!({"type": "reasoning.text", "signature": "s", "index": 0}),
            ],
            vec![text("Three", 0), text("Four", 1), sealed.clone(), sealed.clone()],
            vec![json!("?"), json!("?")],
        ] {
            said += &details.push(pieces).unwrap();
        }
        assert_eq!(said, "One, twoThreeFour");
        let blocks = json!([
            {"type": "reasoning.text", "text": "One, two", "signature": "s", "index": 0},
            text("Three", 0), text("Four", 1), sealed, sealed, "?", "?",
        ]);
        assert_eq!(details.finish(), Some(blocks.to_string()));
        assert_eq!(Details::default().finish(), None);
        let endless = json!({"type": "reasoning.text", "text": "x".repeat(MOST / 3)});
        let mut details = Details::default();
        assert!((0..4).any(|_| details.push(vec![endless.clone()]).is_err()));
    }
}
