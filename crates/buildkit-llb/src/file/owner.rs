//! Owners of files.

use std::convert::Infallible;
use std::str::FromStr;

use crate::wire::Writer;

/// The owner of a file: a user, and a group or the op's default.
///
/// `FromStr` reads `user[:group]` as `COPY --chown` does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    user: User,
    group: Option<User>,
}

/// A user or a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum User {
    /// By number.
    Id(u32),
    /// By name, looked up in `/etc/passwd` or `/etc/group` of the file system that the op works on.
    Name(String),
}

impl Owner {
    /// A user and a group.
    pub fn new(user: User, group: User) -> Self {
        Self {
            user,
            group: Some(group),
        }
    }

    /// A user, with the op's default for the group.
    pub fn user(user: User) -> Self {
        Self { user, group: None }
    }

    /// A user and a group by number.
    pub fn ids(uid: u32, gid: u32) -> Self {
        Self::new(User::Id(uid), User::Id(gid))
    }

    /// Writes the fields of `pb.ChownOpt`; names are looked up in the op's input `base`.
    pub(super) fn encode(&self, writer: &mut Writer, base: i64) {
        writer.message(1, |message| self.user.encode(message, base));
        if let Some(group) = &self.group {
            writer.message(2, |message| group.encode(message, base));
        }
    }
}

impl User {
    fn encode(&self, writer: &mut Writer, base: i64) {
        match self {
            Self::Name(name) if !name.is_empty() => writer.message(1, |message| {
                message.string(1, name);
                message.int(2, base);
            }),
            Self::Name(_) => writer.present_uint(2, 0),
            Self::Id(id) => writer.present_uint(2, (*id).into()),
        }
    }
}

impl FromStr for Owner {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(match text.split_once(':') {
            Some((user, group)) => Self {
                user: user.into(),
                group: Some(group.into()),
            },
            None => Self {
                user: text.into(),
                group: None,
            },
        })
    }
}

impl From<&str> for Owner {
    fn from(text: &str) -> Self {
        match text.parse() {
            Ok(owner) => owner,
            Err(never) => match never {},
        }
    }
}

/// A decimal number is an id, `root` is 0, all else is a name.
impl From<&str> for User {
    fn from(text: &str) -> Self {
        match text.parse::<i32>() {
            _ if text == "root" => Self::Id(0),
            Ok(id) => Self::Id(id.cast_unsigned()),
            Err(_) => Self::Name(text.to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_users_and_groups() {
        let name = |name: &str| User::Name(name.to_owned());
        for (text, user, group) in [
            ("root", User::Id(0), None),
            ("1000:0", User::Id(1000), Some(User::Id(0))),
            ("app:staff", name("app"), Some(name("staff"))),
            ("0:daemon", User::Id(0), Some(name("daemon"))),
            ("4294967295", name("4294967295"), None),
            ("-1", User::Id(u32::MAX), None),
            ("a:b:c", name("a"), Some(name("b:c"))),
        ] {
            assert_eq!(Owner::from(text), Owner { user, group }, "{text}");
        }
    }
}
