//! Health: the daemon asks every 5 s, and gives the session up after two calls without an answer.

use buildkit_proto::health::health_check_response::ServingStatus;
use buildkit_proto::health::health_server::Health;
use buildkit_proto::health::{
    HealthCheckRequest, HealthCheckResponse, HealthListRequest, HealthListResponse,
};
use tonic::{Request, Response, Status};

/// The service's name on the wire.
pub(super) const SERVICE: &str = "/grpc.health.v1.Health";

/// The method that the daemon calls.
pub(super) const CHECK: &str = "/grpc.health.v1.Health/Check";

/// Always well: if this side were not, the connection would be gone.
pub(super) struct AlwaysServing;

#[tonic::async_trait]
impl Health for AlwaysServing {
    async fn check(
        &self,
        _request: Request<HealthCheckRequest>,
    ) -> Result<Response<HealthCheckResponse>, Status> {
        Ok(Response::new(HealthCheckResponse {
            status: ServingStatus::Serving.into(),
        }))
    }

    async fn list(
        &self,
        _request: Request<HealthListRequest>,
    ) -> Result<Response<HealthListResponse>, Status> {
        Err(Status::unimplemented("health is asked by Check"))
    }

    type WatchStream = tokio_stream::Empty<Result<HealthCheckResponse, Status>>;

    async fn watch(
        &self,
        _request: Request<HealthCheckRequest>,
    ) -> Result<Response<Self::WatchStream>, Status> {
        Err(Status::unimplemented("health is asked by Check"))
    }
}
