//! Which providers have keys, and under which variables the environment may give them.

/// A provider with a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    /// Its name here and in the keychain.
    pub provider: &'static str,
    /// Its variables, the first one found counts.
    pub variables: &'static [Variable],
}

/// A variable that may hold a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Variable {
    /// Its name.
    pub name: &'static str,
    /// Where one variable serves two providers: how the key must begin, or must not.
    pub prefix: Option<(&'static str, bool)>,
}

impl Variable {
    const fn any(name: &'static str) -> Self {
        Self { name, prefix: None }
    }

    /// Whether a key in this variable is one of the provider's.
    pub fn holds(&self, key: &str) -> bool {
        self.prefix
            .is_none_or(|(prefix, begins)| key.starts_with(prefix) == begins)
    }
}

/// `GROK_API_KEY` holds a key of `OpenRouter`, through which one of the five systems reaches Grok; a key of xAI's own
/// begins with `xai-`.
const GROK_AT_XAI: Variable = Variable {
    name: "GROK_API_KEY",
    prefix: Some(("xai-", true)),
};
const GROK_AT_OPENROUTER: Variable = Variable {
    name: "GROK_API_KEY",
    prefix: Some(("xai-", false)),
};

/// All of them.
pub const KNOWN: &[Known] = &[
    Known {
        provider: "elevenlabs",
        variables: &[
            Variable::any("ELEVENLABS_API_KEY"),
            Variable::any("ELEVEN_API_KEY"),
        ],
    },
    Known {
        provider: "deepgram",
        variables: &[Variable::any("DEEPGRAM_API_KEY")],
    },
    Known {
        provider: "openai",
        variables: &[Variable::any("OPENAI_API_KEY")],
    },
    Known {
        provider: "openrouter",
        variables: &[Variable::any("OPENROUTER_API_KEY"), GROK_AT_OPENROUTER],
    },
    Known {
        provider: "xai",
        variables: &[Variable::any("XAI_API_KEY"), GROK_AT_XAI],
    },
    Known {
        provider: "groq",
        variables: &[Variable::any("GROQ_API_KEY")],
    },
    Known {
        provider: "cartesia",
        variables: &[Variable::any("CARTESIA_API_KEY")],
    },
    Known {
        provider: "minimax",
        variables: &[Variable::any("MINIMAX_API_KEY")],
    },
    Known {
        provider: "livekit",
        variables: &[Variable::any("LIVEKIT_API_KEY")],
    },
    Known {
        provider: "livekit-secret",
        variables: &[Variable::any("LIVEKIT_API_SECRET")],
    },
    Known {
        provider: "ingest",
        variables: &[Variable::any("INGEST_TOKEN")],
    },
];

/// The variables of a provider; none for one that is not known.
pub(super) fn variables(provider: &str) -> &'static [Variable] {
    KNOWN
        .iter()
        .find(|known| known.provider == provider)
        .map_or(&[], |known| known.variables)
}

/// Whether something can be a provider's name: 1 to 64 small letters, digits and hyphens.
pub(super) fn is_name(provider: &str) -> bool {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    (1..=64).contains(&provider.len()) && provider.chars().all(fits)
}
