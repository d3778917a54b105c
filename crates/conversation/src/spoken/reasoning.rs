//! The model's reasoning, which is neither spoken nor shown.

use super::{Filter, Look, Mode, Step};

/// Names of the tags around it, as the open models write them.
const NAMES: [&str; 4] = ["think", "thinking", "thought", "reasoning"];

impl Filter {
    /// Inside: left out up to a closing tag.
    pub(super) fn think(&mut self) -> Step {
        let rest = self.rest();
        let at = rest.find('<').unwrap_or(rest.len());
        if at > 0 {
            self.skip(at);
            return Step::Went;
        }
        match reasoning(rest) {
            Look::Yes((length, true)) => {
                self.skip(length);
                self.end_reasoning();
            }
            Look::More if !self.ended => return Step::Wait,
            _ => self.skip(1),
        }
        Step::Went
    }

    /// At a tag that opens or closes reasoning; `None` when it is no such tag.
    pub(super) fn reasoning_tag(&mut self) -> Option<Step> {
        match reasoning(self.rest()) {
            Look::Yes((length, closing)) => {
                self.reasoning.push(self.offset(0)..self.offset(length));
                self.skip(length);
                self.mode = Mode::Reasoning;
                if closing {
                    self.end_reasoning();
                }
                Some(Step::Went)
            }
            Look::More if !self.ended => Some(Step::Wait),
            _ => None,
        }
    }

    fn end_reasoning(&mut self) {
        if let Some(last) = self.reasoning.last_mut() {
            last.end = self.base + self.at;
        }
        self.mode = if self.said.is_whitespace() {
            Mode::AfterReasoning
        } else {
            Mode::Text
        };
    }

    /// White space behind it belongs to it where nothing was said before.
    pub(super) fn after_reasoning(&mut self) -> Step {
        let space = self.rest().len() - self.rest().trim_start().len();
        self.skip(space);
        if let Some(last) = self.reasoning.last_mut() {
            last.end = self.base + self.at;
        }
        if self.at < self.raw.len() {
            self.mode = Mode::Text;
            self.new_line();
        }
        Step::Went
    }
}

/// Length of a reasoning tag at the beginning of `text`, and whether it closes.
fn reasoning(text: &str) -> Look<(usize, bool)> {
    let mut more = false;
    for closing in [false, true] {
        for name in NAMES {
            let tag = if closing {
                format!("</{name}>")
            } else {
                format!("<{name}>")
            };
            match text.get(..tag.len()) {
                Some(head) if head.eq_ignore_ascii_case(&tag) => return Look::Yes((tag.len(), closing)),
                None if tag
                    .get(..text.len())
                    .is_some_and(|t| t.eq_ignore_ascii_case(text)) =>
                {
                    more = true;
                }
                _ => {}
            }
        }
    }
    if more { Look::More } else { Look::No }
}
