//! Auth: registry credentials, from the user's Docker configuration.
//!
//! BuildKit: `session/auth/authprovider`. The token methods are not served, so the daemon fetches tokens itself with
//! the credentials that it gets here.

mod config;
mod helper;

use buildkit_proto::moby::filesync::v1::auth_server::Auth as AuthRpc;
use buildkit_proto::moby::filesync::v1::{
    CredentialsRequest, CredentialsResponse, FetchTokenRequest, FetchTokenResponse,
    GetTokenAuthorityRequest, GetTokenAuthorityResponse, VerifyTokenAuthorityRequest,
    VerifyTokenAuthorityResponse,
};
use tonic::{Request, Response, Status};

pub use config::{Credentials, CredentialsError, DockerConfig, DockerConfigError};
pub use helper::HelperError;

/// The service's name on the wire.
pub(super) const SERVICE: &str = "/moby.filesync.v1.Auth";

/// The method that the daemon calls.
pub(super) const CREDENTIALS: &str = "/moby.filesync.v1.Auth/Credentials";

/// The service that hands credentials out.
pub(crate) struct Auth(DockerConfig);

impl Auth {
    pub(crate) fn new(config: DockerConfig) -> Self {
        Self(config)
    }
}

const NO_TOKENS: &str = "tokens are fetched by the daemon";

#[tonic::async_trait]
impl AuthRpc for Auth {
    async fn credentials(
        &self,
        request: Request<CredentialsRequest>,
    ) -> Result<Response<CredentialsResponse>, Status> {
        let host = request.into_inner().host;
        match self.0.credentials(&host).await {
            Ok(credentials) => {
                let credentials = credentials.unwrap_or_default();
                Ok(Response::new(CredentialsResponse {
                    username: credentials.username,
                    secret: credentials.secret,
                }))
            }
            Err(error) => Err(Status::failed_precondition(format!(
                "credentials for `{host}`: {error}"
            ))),
        }
    }

    async fn fetch_token(
        &self,
        _request: Request<FetchTokenRequest>,
    ) -> Result<Response<FetchTokenResponse>, Status> {
        Err(Status::unimplemented(NO_TOKENS))
    }

    async fn get_token_authority(
        &self,
        _request: Request<GetTokenAuthorityRequest>,
    ) -> Result<Response<GetTokenAuthorityResponse>, Status> {
        Err(Status::unimplemented(NO_TOKENS))
    }

    async fn verify_token_authority(
        &self,
        _request: Request<VerifyTokenAuthorityRequest>,
    ) -> Result<Response<VerifyTokenAuthorityResponse>, Status> {
        Err(Status::unimplemented(NO_TOKENS))
    }
}
