use crate::{
    convert::Shared,
    import::{ImportError, Source},
    project::Project,
};
pub(crate) fn read(_: &Source, _: &mut Shared<'_>) -> Result<Project, ImportError> {
    Ok(Project::default())
}
