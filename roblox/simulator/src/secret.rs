//! Roblox's `Secret`: a script can put it into a header or a URL, with something before and after it, and can do nothing
//! else with it.

use mlua::{MetaMethod, UserData, UserDataFields, UserDataMethods};

/// Holds its text where no script reaches it.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// For what goes out in a header or a URL, and for nothing else.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl UserData for Secret {
    fn add_fields<F: UserDataFields<Self>>(fields: &mut F) {
        fields.add_meta_field(MetaMethod::Type, "Secret");
    }

    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        methods.add_method("AddPrefix", |_, secret, prefix: String| Ok(Self(prefix + &secret.0)));
        methods.add_method("AddSuffix", |_, secret, suffix: String| Ok(Self(secret.0.clone() + &suffix)));
        methods.add_meta_method(MetaMethod::ToString, |_, _, ()| Ok("Secret"));
    }
}
