//! `--secret id=…,src=…|env=…`: where a step's secrets come from.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    str::FromStr,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use buildkit_client::{SecretValue, Secrets};
use catalog::{CA_SECRET, SecretId};

/// One `--secret`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretSpec {
    /// The id that a step asks for.
    pub id: SecretId,
    /// Where its value is.
    pub source: SecretSource,
}

/// Where a secret's value is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretSource {
    /// In a file.
    File(PathBuf),
    /// In an environment variable.
    Env(String),
}

/// A `--secret` that cannot be read. No value in it is repeated: it may be the secret itself.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SecretSpecError {
    /// No id.
    #[error("a secret needs an id: id=ID,src=FILE or id=ID,env=VARIABLE")]
    NoId,
    /// An id that breaks the rule for names.
    #[error(
        "the id of a secret must start with a letter or digit and hold only letters, digits, `.`, `_`, `-`, `:`"
    )]
    Id,
    /// Something that is no `KEY=VALUE`.
    #[error(
        "a secret is given as id=ID,src=FILE or id=ID,env=VARIABLE, and has a field without `=`"
    )]
    Bare,
    /// A key that secrets do not have.
    #[error("`{key}` is not a key of a secret; the keys are `id`, `src`, `env` and `type`")]
    Key {
        /// The key.
        key: String,
    },
    /// An unknown key, which is not repeated: it may be a part of a value with a `=` or a comma.
    #[error("a secret has the keys `id`, `src`, `env` and `type`, and no others")]
    NoKey,
    /// A type other than `file` and `env`.
    #[error("the type of a secret is `file` or `env`")]
    Type,
    /// Both a file and a variable.
    #[error("a secret comes from a file or from a variable, not from both")]
    Both,
}

/// As buildctl and buildx read it: without `src` and `env`, the variable named like the id is taken when it is set,
/// else the file of that name.
impl FromStr for SecretSpec {
    type Err = SecretSpecError;

    fn from_str(text: &str) -> Result<Self, SecretSpecError> {
        let (mut id, mut file, mut env, mut kind) = (None, None, None, None);
        for field in text.split(',') {
            let (key, value) = field.split_once('=').ok_or(SecretSpecError::Bare)?;
            match key.trim() {
                "id" => id = Some(value.parse().map_err(|_| SecretSpecError::Id)?),
                "src" | "source" => file = Some(value.to_owned()),
                "env" => env = Some(value.to_owned()),
                "type" => kind = Some(value.to_owned()),
                key => return Err(unknown(key)),
            }
        }
        let id: SecretId = id.ok_or(SecretSpecError::NoId)?;
        let source = match (kind.as_deref(), file, env) {
            (Some(kind), ..) if !matches!(kind, "file" | "env") => {
                return Err(SecretSpecError::Type);
            }
            (_, Some(_), Some(_)) => return Err(SecretSpecError::Both),
            // `type=env,src=NAME` is buildctl's other spelling of `env=NAME`.
            (Some("env"), Some(name), None) | (_, None, Some(name)) => SecretSource::Env(name),
            (_, Some(path), None) => SecretSource::File(PathBuf::from(path)),
            (Some("file"), None, None) => SecretSource::File(PathBuf::from(id.as_str())),
            (Some("env"), None, None) => SecretSource::Env(id.to_string()),
            (_, None, None) if std::env::var_os(id.as_str()).is_some() => {
                SecretSource::Env(id.to_string())
            }
            (_, None, None) => SecretSource::File(PathBuf::from(id.as_str())),
        };
        Ok(Self { id, source })
    }
}

/// A misspelt key is named; what does not look like one is not.
fn unknown(key: &str) -> SecretSpecError {
    // The longest word that anybody would take for a key is `required`.
    if key.len() <= 8 && key.bytes().all(|byte| byte.is_ascii_lowercase()) {
        SecretSpecError::Key {
            key: key.to_owned(),
        }
    } else {
        SecretSpecError::NoKey
    }
}

/// The values of all secrets, read once, so that what steps write can be searched for them.
#[derive(Default)]
pub struct LoadedSecrets(BTreeMap<SecretId, SecretValue>);

/// A secret that cannot be had.
#[derive(Debug, thiserror::Error)]
#[error("{} cannot be had", in_words(id))]
pub struct SecretError {
    /// The secret.
    pub id: SecretId,
    /// Why.
    #[source]
    pub source: buildkit_client::SecretError,
}

/// Certificates travel as a secret whose name no user has ever seen.
fn in_words(id: &SecretId) -> String {
    match id.as_str() {
        CA_SECRET => "the file of `--build-ca`".to_owned(),
        id => format!("secret `{id}`"),
    }
}

impl LoadedSecrets {
    /// Reads all values; a later spec of the same id wins.
    pub fn load(specs: &[SecretSpec]) -> Result<Self, SecretError> {
        let mut values = BTreeMap::new();
        for SecretSpec { id, source } in specs {
            let value = match source {
                SecretSource::Env(variable) => SecretValue::env(variable),
                SecretSource::File(path) => SecretValue::file(path),
            };
            let value = value.map_err(|source| SecretError {
                id: id.clone(),
                source,
            })?;
            values.insert(id.clone(), value);
        }
        Ok(Self(values))
    }

    /// Whether a secret was given.
    pub fn has(&self, id: &SecretId) -> bool {
        self.0.contains_key(id)
    }

    /// The secrets that a session hands out: those that its graph declares.
    pub(crate) fn declared(&self, ids: &BTreeSet<String>) -> Secrets {
        let wanted = self.0.iter().filter(|(id, _)| ids.contains(id.as_str()));
        wanted.fold(Secrets::default(), |secrets, (id, value)| {
            let value = buildkit_client::SecretSource::Value(value.clone());
            secrets.with(id.as_str(), value)
        })
    }

    /// The header that logs in at a git server, as BuildKit makes it: one for this host before one for all, a header of
    /// the user's own before a token.
    pub(crate) fn git_header(&self, host: &str) -> Option<Vec<u8>> {
        let exact = |name: &str| self.0.get(name).map(SecretValue::expose);
        let own = |name: String| exact(&name);
        let header = own(format!("{GIT_HEADER}.{host}")).map(<[u8]>::to_vec);
        let header = header.or_else(|| own(format!("{GIT_TOKEN}.{host}")).map(of_token));
        let header = header.or_else(|| exact(GIT_HEADER).map(<[u8]>::to_vec));
        let header = header.or_else(|| exact(GIT_TOKEN).map(of_token))?;
        Some([b"Authorization: ".as_slice(), &header].concat())
    }

    /// The secrets that only steps use.
    pub fn not_for_git(&self) -> impl Iterator<Item = &SecretId> {
        self.0.keys().filter(|id| !is_for_git(id))
    }

    /// The values that nobody may see. Certificates are no secret, though they travel as one.
    pub(crate) fn to_redact(&self) -> impl Iterator<Item = &[u8]> {
        self.0
            .iter()
            .filter(|(id, _)| id.as_str() != CA_SECRET)
            .map(|(_, value)| value.expose())
    }
}

/// BuildKit's names for secrets that log in at git servers; with a dot and a host behind the name, at that host.
const GIT_TOKEN: &str = "GIT_AUTH_TOKEN";
const GIT_HEADER: &str = "GIT_AUTH_HEADER";

fn is_for_git(id: &SecretId) -> bool {
    [GIT_TOKEN, GIT_HEADER].iter().any(|name| {
        let rest = id.as_str().strip_prefix(name);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    })
}

/// The header of a token, for the user that GitHub, GitLab and others take any token from.
fn of_token(token: &[u8]) -> Vec<u8> {
    let login = [b"x-access-token:".as_slice(), token].concat();
    format!("basic {}", STANDARD.encode(login)).into_bytes()
}

/// Names the secrets and hides their values.
impl std::fmt::Debug for LoadedSecrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn specs_are_read_as_buildctl_reads_them() {
        let check = |text: &str, expected: Result<(&str, SecretSource), &str>| {
            let read = text
                .parse::<SecretSpec>()
                .map_err(|error| error.to_string());
            let expected = expected.map(|(id, source)| SecretSpec {
                id: id.parse().unwrap(),
                source,
            });
            assert_eq!(read, expected.map_err(str::to_owned), "{text}");
        };
        let file = |path: &str| SecretSource::File(PathBuf::from(path));
        let env = |name: &str| SecretSource::Env(name.to_owned());
        check("id=token,src=a/b", Ok(("token", file("a/b"))));
        check("id=token,env=TOKEN", Ok(("token", env("TOKEN"))));
        check("type=env,id=token,src=TOKEN", Ok(("token", env("TOKEN"))));
        check("id=token", Ok(("token", file("token"))));
        check("id=PATH", Ok(("PATH", env("PATH"))));
        check(
            "src=a",
            Err("a secret needs an id: id=ID,src=FILE or id=ID,env=VARIABLE"),
        );
        check(
            "id=a,scr=b",
            Err("`scr` is not a key of a secret; the keys are `id`, `src`, `env` and `type`"),
        );
        check(
            "id=a,src=b,env=c",
            Err("a secret comes from a file or from a variable, not from both"),
        );
        check(
            "id=a,type=ssh",
            Err("the type of a secret is `file` or `env`"),
        );
    }

    #[test]
    fn a_git_server_gets_the_most_exact_login() {
        let all = [
            ("GIT_AUTH_TOKEN", "all"),
            ("GIT_AUTH_HEADER", "bearer x"),
            ("GIT_AUTH_TOKEN.a.example", "a"),
            ("GIT_AUTH_TOKEN.b.example:8443", "b"),
            ("GIT_AUTH_HEADER.b.example:8443", "bearer b"),
            ("GIT_AUTH_TOKENS", "another"),
            ("token", "for steps"),
        ];
        let secrets = |given: &[(&str, &str)]| {
            let values = given.iter().map(|(id, value)| {
                let value = SecretValue::try_new(value.as_bytes().to_vec()).unwrap();
                (id.parse().unwrap(), value)
            });
            LoadedSecrets(values.collect())
        };
        let header = |given: &[(&str, &str)], host: &str| {
            let header = secrets(given).git_header(host)?;
            Some(String::from_utf8(header).unwrap())
        };
        let check = |given: &[(&str, &str)], host: &str, expected: Option<&str>| {
            assert_eq!(header(given, host).as_deref(), expected, "{host}");
        };
        let of_a = "Authorization: basic eC1hY2Nlc3MtdG9rZW46YQ==";
        check(&all, "a.example", Some(of_a));
        check(&all, "b.example:8443", Some("Authorization: bearer b"));
        check(&all, "b.example", Some("Authorization: bearer x"));
        let of_all = "Authorization: basic eC1hY2Nlc3MtdG9rZW46YWxs";
        check(&all[..1], "b.example", Some(of_all));
        check(&[], "a.example", None);
        let secrets = secrets(&all);
        let others: Vec<&str> = secrets.not_for_git().map(SecretId::as_str).collect();
        assert_eq!(others, ["GIT_AUTH_TOKENS", "token"]);
    }

    #[test]
    fn errors_repeat_no_value() {
        for text in [
            "hunTer2",
            "id=a,hunTer2",
            "id=hunTer2!",
            "hunTer2=",
            "id=a,hunTer2=b",
            "id=a,type=hunTer2",
            "src=hunTer2",
            "id=a,src=hunTer2,env=b",
        ] {
            let error = text.parse::<SecretSpec>().unwrap_err();
            let shown = format!("{error} {error:?}");
            assert!(!shown.contains("hunTer2"), "{text}: {shown}");
        }
    }
}
