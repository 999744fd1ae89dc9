//! Health: the daemon asks every 5 s, and gives the session up after two calls without an answer.

use buildkit_proto::health::health_check_response::ServingStatus;
use buildkit_proto::health::{HealthCheckRequest, HealthCheckResponse};
use tonic::{Request, Response};

/// The method that the daemon calls.
pub(super) const CHECK: &str = "/grpc.health.v1.Health/Check";

/// Always well: if this side were not, the connection would be gone.
pub(super) fn always_well(_request: Request<HealthCheckRequest>) -> Response<HealthCheckResponse> {
    Response::new(HealthCheckResponse {
        status: ServingStatus::Serving.into(),
    })
}
