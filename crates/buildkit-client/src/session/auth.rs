//! Auth: the logins of the user's Docker configuration at the registries that a solve names, as tokens where there are
//! any.
//!
//! BuildKit: `session/auth/authprovider`, and `util/resolver/authorizer.go` for the order in which a daemon asks. At a
//! registry that wants a token it asks for a token authority first, and for tokens if there is one; for credentials if
//! there is none, or if the registry wants a password. It asks for credentials, too, to compare them with those that
//! it has of another session. So credentials of a registry with tokens are an error, and not empty: empty ones would
//! be equal to those of an anonymous client.

mod authority;
mod config;
mod helper;
mod logins;
mod scope;
mod tokens;

use buildkit_proto::moby::filesync::v1::{
    CredentialsRequest, CredentialsResponse, FetchTokenRequest, FetchTokenResponse,
    GetTokenAuthorityRequest, GetTokenAuthorityResponse, VerifyTokenAuthorityRequest,
    VerifyTokenAuthorityResponse,
};
use tonic::{Request, Response, Status};

pub use authority::TokenSeed;
pub use config::{Credentials, CredentialsError, DockerConfig, DockerConfigError, LoginPlace};
pub use helper::HelperError;
pub use logins::{Logins, RefusedHosts};
pub use tokens::{Asked, Token, TokenProblem, TokenSource};

use logins::Tokens;

/// The methods that the daemon calls.
pub(super) const CREDENTIALS: &str = "/moby.filesync.v1.Auth/Credentials";
pub(super) const FETCH_TOKEN: &str = "/moby.filesync.v1.Auth/FetchToken";
pub(super) const GET_TOKEN_AUTHORITY: &str = "/moby.filesync.v1.Auth/GetTokenAuthority";
pub(super) const VERIFY_TOKEN_AUTHORITY: &str = "/moby.filesync.v1.Auth/VerifyTokenAuthority";

/// The lifetime of a token that does not say it, in seconds: that of the specification.
const DEFAULT_LIFETIME: u64 = 60;

/// The service that gives logins to the daemon.
pub(crate) struct Auth(Logins);

/// The form in which the daemon gets the login at a registry.
enum Login<'a> {
    Anonymous,
    Password(Credentials),
    Tokens(&'a Tokens, Credentials),
}

impl Auth {
    pub(crate) fn new(logins: Logins) -> Self {
        Self(logins)
    }

    async fn login(&self, host: &str) -> Result<Login<'_>, Status> {
        let credentials = self.0.credentials(host).await;
        let credentials = credentials.map_err(|error| {
            Status::failed_precondition(format!("credentials for `{host}`: {error}"))
        })?;
        let Some(credentials) = credentials.filter(|found| *found != Credentials::default()) else {
            return Ok(Login::Anonymous);
        };
        let Some(tokens) = self.0.tokens() else {
            return Ok(Login::Password(credentials));
        };
        match tokens.source.gives_tokens(host).await {
            Ok(true) => Ok(Login::Tokens(tokens, credentials)),
            Ok(false) => Ok(Login::Password(credentials)),
            Err(problem) => Err(Status::failed_precondition(format!(
                "how to log in at `{host}`: {problem}"
            ))),
        }
    }

    /// The tokens and the login behind them. Without any the daemon asks for credentials.
    async fn tokens(&self, host: &str) -> Result<(&Tokens, Credentials), Status> {
        match self.login(host).await? {
            Login::Tokens(tokens, credentials) => Ok((tokens, credentials)),
            Login::Anonymous | Login::Password(_) => Err(Status::unimplemented(format!(
                "there are no tokens for `{host}`"
            ))),
        }
    }

    pub(super) async fn credentials(
        &self,
        request: Request<CredentialsRequest>,
    ) -> Result<Response<CredentialsResponse>, Status> {
        let host = request.into_inner().host;
        let credentials = match self.login(&host).await? {
            Login::Anonymous => Credentials::default(),
            Login::Password(credentials) => credentials,
            Login::Tokens(..) => {
                return Err(Status::permission_denied(format!(
                    "there are tokens for `{host}`, and no password is handed out"
                )));
            }
        };
        Ok(Response::new(CredentialsResponse {
            username: credentials.username,
            secret: credentials.secret,
        }))
    }

    /// The realm and the service of the request are not used: a daemon could name a server of its own, which would get
    /// the password. The source asks the registry for them.
    pub(super) async fn fetch_token(
        &self,
        request: Request<FetchTokenRequest>,
    ) -> Result<Response<FetchTokenResponse>, Status> {
        let FetchTokenRequest { host, scopes, .. } = request.into_inner();
        let (tokens, credentials) = self.tokens(&host).await?;
        let asked = Asked {
            host: &host,
            scopes: &scope::granted(&scopes)
                .ok_or_else(|| Status::invalid_argument("the scopes are too long"))?,
            login: &credentials,
        };
        let token = tokens.source.token(asked).await.map_err(|problem| {
            Status::failed_precondition(format!("a token for `{host}`: {problem}"))
        })?;
        let lifetime = token
            .expires_in
            .map_or(DEFAULT_LIFETIME, |lifetime| lifetime.as_secs());
        Ok(Response::new(FetchTokenResponse {
            token: token.secret,
            expires_in: i64::try_from(lifetime).unwrap_or(i64::MAX),
            // Zero says that it is not known.
            issued_at: token.issued_at.unwrap_or_default(),
        }))
    }

    pub(super) async fn get_token_authority(
        &self,
        request: Request<GetTokenAuthorityRequest>,
    ) -> Result<Response<GetTokenAuthorityResponse>, Status> {
        let GetTokenAuthorityRequest { host, salt } = request.into_inner();
        let (tokens, _) = self.tokens(&host).await?;
        let public_key = tokens.seed.public_key(&host, &salt);
        Ok(Response::new(GetTokenAuthorityResponse { public_key }))
    }

    pub(super) async fn verify_token_authority(
        &self,
        request: Request<VerifyTokenAuthorityRequest>,
    ) -> Result<Response<VerifyTokenAuthorityResponse>, Status> {
        let VerifyTokenAuthorityRequest {
            host,
            payload,
            salt,
        } = request.into_inner();
        let (tokens, _) = self.tokens(&host).await?;
        let signed = tokens.seed.signed(&host, &salt, &payload);
        Ok(Response::new(VerifyTokenAuthorityResponse { signed }))
    }
}
