//! Owners of files, as `chown` takes them: `user` or `user:group`, by names or numbers.

use std::{fmt, str::FromStr};

/// The owner that files get. Names are looked up in the tree that the files go into.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// The user.
    pub user: OwnerId,
    /// The group; by default the group that the tree's `/etc/passwd` gives the named user, or the number of the user.
    pub group: Option<OwnerId>,
}

/// A user or a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OwnerId {
    /// Its number.
    Number(u32),
    /// Its name.
    Name(String),
}

/// A text that is no owner.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no owner: write `user` or `user:group`, each a name or a number ({problem})")]
pub struct OwnerError {
    text: String,
    problem: String,
}

impl FromStr for Owner {
    type Err = OwnerError;

    fn from_str(text: &str) -> Result<Self, OwnerError> {
        let id = |part: &str, what: &str| {
            part.parse::<OwnerId>().map_err(|problem| OwnerError {
                text: text.to_owned(),
                problem: format!("the {what} {problem}"),
            })
        };
        let (user, group) = match text.split_once(':') {
            None => (text, None),
            Some((user, group)) => (user, Some(group)),
        };
        Ok(Self {
            user: id(user, "user")?,
            group: group.map(|group| id(group, "group")).transpose()?,
        })
    }
}

impl FromStr for OwnerId {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Err("is missing".to_owned());
        }
        if text.bytes().all(|byte| byte.is_ascii_digit()) {
            let number = text.parse().ok();
            // To a system call, the largest number means that the owner stays.
            let number = number.filter(|number| *number != u32::MAX);
            return number
                .map(Self::Number)
                .ok_or_else(|| format!("`{text}` is larger than 4294967294"));
        }
        let is_foreign = |c: char| c == ':' || c == '/' || c.is_whitespace() || c.is_control();
        match text.chars().find(|c| is_foreign(*c)) {
            Some(c) => Err(format!(
                "`{}` has the character `{}`",
                text.escape_debug(),
                c.escape_debug()
            )),
            None => Ok(Self::Name(text.to_owned())),
        }
    }
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.group {
            Some(group) => write!(f, "{}:{group}", self.user),
            None => self.user.fmt(f),
        }
    }
}

impl fmt::Display for OwnerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Name(name) => f.write_str(name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn owners_are_names_or_numbers() {
        let name = |name: &str| OwnerId::Name(name.to_owned());
        let check = |text: &str, user: OwnerId, group: Option<OwnerId>| {
            let owner: Owner = text.parse().unwrap();
            assert_eq!(owner.to_string(), text);
            assert_eq!(owner, Owner { user, group });
        };
        check("33", OwnerId::Number(33), None);
        check("app", name("app"), None);
        check("app:33", name("app"), Some(OwnerId::Number(33)));
        check("0:www-data", OwnerId::Number(0), Some(name("www-data")));
    }

    #[test]
    fn what_is_no_owner_is_refused_with_its_reason() {
        let check = |text: &str, problem: &str| {
            let error = text.parse::<Owner>().unwrap_err().to_string();
            let expected = format!(
                "`{text}` is no owner: write `user` or `user:group`, each a name or a number ({problem})"
            );
            assert_eq!(error, expected);
        };
        check("", "the user is missing");
        check(":app", "the user is missing");
        check("app:", "the group is missing");
        check("a:b:c", "the group `b:c` has the character `:`");
        check("a b", "the user `a b` has the character ` `");
        check(
            "4294967295",
            "the user `4294967295` is larger than 4294967294",
        );
    }
}
