//! The problems of a catalog, with their messages.

mod found;
mod marked;

use crate::{
    annotation::AnnotationError,
    budget::MAX_VARIANTS,
    compression::{CompressionError, TarCompressionError},
    name::InvalidName,
    path::ContextPathError,
    template::TemplateError,
    words::{did_you_mean, listed},
};

pub use self::found::{CatalogError, Found};

/// A problem of a catalog.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// A name that breaks the rule for names.
    #[error(transparent)]
    Name(#[from] InvalidName),
    /// A template that cannot be read or filled in.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// A path that leaves the context directory.
    #[error(transparent)]
    Path(#[from] ContextPathError),
    /// A platform that cannot be read.
    #[error(transparent)]
    Platform(#[from] buildkit_llb::PlatformError),
    /// A field that a row has twice.
    #[error("`{field}` is there twice")]
    FieldTwice {
        /// The field.
        field: String,
    },
    /// Fields whose texts lead back to themselves.
    #[error("fields use each other: {}", chain.join(" → "))]
    FieldCircle {
        /// The way round.
        chain: Vec<String>,
    },
    /// Rows of what is no variable of any artifact.
    #[error("`values.{name}`: no artifact has an axis, option or parameter `{name}`{}", did_you_mean(nearest.as_deref()))]
    RowsOfNothing {
        /// The name.
        name: String,
        /// The most similar variable.
        nearest: Option<String>,
    },
    /// Two parts of one name.
    #[error("two parts are called `{name}`")]
    PartTwice {
        /// The name.
        name: String,
    },
    /// A row that an axis asks for and that is not there.
    #[error("`{pattern}` in the axis `{axis}`: no row of `values.{axis}` matches")]
    NoRow {
        /// The axis.
        axis: String,
        /// The pattern.
        pattern: String,
    },
    /// A placeholder in the name of an artifact that is none of its axes.
    #[error("{error}; only the axes of an artifact can stand in its name")]
    NotAnAxis {
        /// The placeholder.
        error: TemplateError,
    },
    /// The name of an artifact that its axes make.
    #[error("`{name}` ({values}) is no artifact name")]
    ArtifactName {
        /// The name.
        name: String,
        /// The values in it.
        values: String,
    },
    /// An `exclude` that leaves nothing.
    #[error("`exclude` leaves nothing of it")]
    NothingLeft,
    /// An axis of a stage that is not in its name.
    #[error(
        "a `stage` is built for what needs it, and sees its variables: put the axis `{axis}` into the name of the stage, or leave it out"
    )]
    StageAxis {
        /// The axis.
        axis: String,
    },
    /// A key that a stage does not have.
    #[error("a `stage` is not delivered, so it has no `{key}`")]
    StageHas {
        /// The key.
        key: &'static str,
    },
    /// Something delivered that would hold the programs of the build platform.
    #[error(
        "it runs on the build platform, so it would hold the programs of that platform: make it a `stage`, and copy from that"
    )]
    HoldsBuildPlatform,
    /// A tree for the build platform whose base is for the target.
    #[error("it runs on the build platform, and its base `{base}` does not")]
    RunsElsewhere {
        /// The base.
        base: String,
    },
    /// Two artifacts of one name.
    #[error("the name is declared twice")]
    Duplicate,
    /// No platforms, or an axis without values.
    #[error("`{what}` has no values, so nothing would be built")]
    Empty {
        /// `platforms`, or the axis.
        what: String,
    },
    /// More variants than any call can have.
    #[error(
        "it has {count} variants ({factors}), more than {MAX_VARIANTS}; make several artifacts of it, or options of axes"
    )]
    TooManyVariants {
        /// The number of variants.
        count: usize,
        /// The factors of that number.
        factors: String,
    },
    /// An axis or option with the name of a variable that every variant has.
    #[error(
        "`{name}` is a variable that every artifact has; call the axis or option something else"
    )]
    ReservedVariable {
        /// The name.
        name: String,
    },
    /// A brace in a word that is taken as it is written.
    #[error("`{text}` is taken as it is written, and no placeholder can stand there")]
    Braces {
        /// The word.
        text: String,
    },
    /// A default that is not among an option's values.
    #[error(
        "option `{name}`: the default `{default}` is not one of {}",
        listed(values)
    )]
    Default {
        /// The option.
        name: String,
        /// Its default.
        default: String,
        /// Its values.
        values: Vec<String>,
    },
    /// An option that is an axis elsewhere.
    #[error("`{name}` is an option, and an axis of `{artifact}`; call one of them something else")]
    OptionAndAxis {
        /// The name.
        name: String,
        /// The artifact that has the axis.
        artifact: String,
    },
    /// Two options of one name with different declarations.
    #[error(
        "option `{name}` differs from that of {first}; an option is the catalog's, so say it once, at the top, or the same everywhere"
    )]
    OptionDiffers {
        /// The option.
        name: String,
        /// The first declaration and its place.
        first: String,
    },
    /// Options whose defaults lead back to themselves.
    #[error("options use each other: {}", chain.join(" → "))]
    OptionCircle {
        /// The way round.
        chain: Vec<String>,
    },
    /// A base that is neither an artifact nor an image with tag or digest.
    #[error("`{base}` is no artifact{}", or_image(nearest.as_deref()))]
    Base {
        /// The base as written.
        base: String,
        /// The most similar artifact.
        nearest: Option<String>,
    },
    /// A base that leads back to the artifact.
    #[error("it is its own base: {}", chain.join(" → "))]
    Cycle {
        /// The way round.
        chain: Vec<String>,
    },
    /// A platform or axis value of the artifact that its base, or one that it copies from, is not built for.
    #[error("`{base}`, which it is made from, is not built for `{value}`")]
    BaseLacks {
        /// The artifact below.
        base: String,
        /// The platform or `axis=value`.
        value: String,
    },
    /// An axis that the artifact lacks, and that an artifact has that it is made from.
    #[error(
        "it is made from `{base}`, which has the axis `{axis}`: give it that axis, or put `{{{axis}}}` into the name of \
         `{base}`"
    )]
    MissingAxis {
        /// The artifact below.
        base: String,
        /// The axis.
        axis: String,
    },
    /// An artifact that a step copies from and that leads back.
    #[error("it is made from itself: {}", chain.join(" → "))]
    Loop {
        /// The way round.
        chain: Vec<String>,
    },
    /// A tree that a step reads, which is neither an artifact nor an image with tag or digest.
    #[error("`{name}`, which a step reads, is no artifact{}", or_image(nearest.as_deref()))]
    CopiedFrom {
        /// The number of the step, from 1.
        number: usize,
        /// The name as written.
        name: String,
        /// The most similar artifact.
        nearest: Option<String>,
    },
    /// A step that puts in the tar of something that is no artifact.
    #[error("`{name}`, whose tar a step puts in, is not an artifact{}", did_you_mean(nearest.as_deref()))]
    TarOf {
        /// The number of the step, from 1.
        number: usize,
        /// The name as written.
        name: String,
        /// The most similar artifact.
        nearest: Option<String>,
    },
    /// The tar of an image.
    #[error(
        "`{name}`, whose tar a step puts in, is not delivered as a tar; only rootfs and layer artifacts are"
    )]
    NoTar {
        /// The number of the step, from 1.
        number: usize,
        /// The image.
        name: String,
    },
    /// An output path that leaves the output directory.
    #[error("the output `{path}` must be a relative path that stays in the output directory")]
    OutputPath {
        /// The path.
        path: String,
    },
    /// An output path with a control character, such as a line feed, which would break the lines that name outputs.
    #[error("the output `{path}` has a control character in it")]
    OutputControl {
        /// The path, with the character escaped.
        path: String,
    },
    /// An output path among the records of outputs.
    #[error("the output `{path}` would be in `.llbgen`, where the records of outputs are")]
    OutputRecord {
        /// The path.
        path: String,
    },
    /// A path that two outputs would be written to.
    #[error(
        "`{path}` would be written by `{first}` and by `{second}`; add {} to `output`",
        listed(telling)
    )]
    OutputClash {
        /// The path.
        path: String,
        /// The first variant that has it.
        first: String,
        /// The second variant that has it.
        second: String,
        /// The placeholders that tell them apart.
        telling: Vec<String>,
    },
    /// An output that would be below another one.
    #[error(
        "`{path}` would be in `{above}`, which is the output of `{owner}`; set another `output`"
    )]
    OutputBelow {
        /// The path.
        path: String,
        /// The path of the other output.
        above: String,
        /// The variant that the other output is of.
        owner: String,
    },
    /// A platform that is there twice, in one spelling or in two.
    #[error("`platforms` has `{platform}` twice{}", spelt(platform, written))]
    PlatformTwice {
        /// The platform.
        platform: String,
        /// Its second spelling.
        written: String,
    },
    /// An image reference that two variants would be pushed under.
    #[error(
        "`{reference}` is pushed by `{first}` and `{second}`: add the axis to the tag, or a condition"
    )]
    TagClash {
        /// The key of the second variant's tag.
        key: &'static str,
        /// The reference.
        reference: String,
        /// The first variant that has it.
        first: String,
        /// The second variant that has it.
        second: String,
    },
    /// A condition in a list of texts that holds for no variant.
    #[error("`{key}`: {text}")]
    ImpossibleText {
        /// The key of the list.
        key: &'static str,
        /// The condition, and why it cannot hold.
        text: String,
        /// The word in the file.
        written: String,
    },
    /// A repository or tag that makes no image reference.
    #[error("`{reference}`, made from `repository` and `{key}`, is not an image reference")]
    ImageName {
        /// The key of the tag.
        key: &'static str,
        /// The reference.
        reference: String,
    },
    /// A file whose text makes a tag, and that is no path of the context directory.
    #[error("{source}")]
    FileTag {
        /// The path.
        path: String,
        /// The problem.
        source: ContextPathError,
    },
    /// Tags without a repository.
    #[error("it has `{key}` but no `repository`, so it would be pushed nowhere")]
    NoRepository {
        /// The key of the tags.
        key: &'static str,
    },
    /// A `repository` in an artifact that is no image.
    #[error("it has a `repository`, but it is a `{kind}`, and only an image is pushed")]
    NotAnImage {
        /// Its kind.
        kind: &'static str,
    },
    /// A key of images in an artifact that is none.
    #[error("it has `{key}`, but it has the kind `{kind}`, and only an image has them")]
    OfImages {
        /// The key.
        key: &'static str,
        /// Its kind.
        kind: &'static str,
    },
    /// An annotation that cannot be.
    #[error(transparent)]
    Annotation(#[from] AnnotationError),
    /// A text of an image that is another one for each of its platforms.
    #[error("`{key}` has another text for each platform, and an image has one for all")]
    OneForAllPlatforms {
        /// The key.
        key: String,
    },
    /// A word that names no compression.
    #[error(transparent)]
    Compression(#[from] CompressionError),
    /// A word that names no compression of tars.
    #[error(transparent)]
    TarCompression(#[from] TarCompressionError),
    /// A compression that tars do not have.
    #[error("no tar is compressed with `{text}`: a `{kind}` has `gzip[:0-9]` or `zstd[:1-22]`")]
    NotOfTars {
        /// The compression.
        text: String,
        /// Its kind.
        kind: &'static str,
    },
    /// A compression of plain files.
    #[error("it has `compression`, but it has the kind `files`, which leave as they are")]
    CompressedFiles,
    /// A key that attestations of a type do not have.
    #[error("an attestation of the type `{kind}` has no `{key}`")]
    AttestKey {
        /// The type.
        kind: &'static str,
        /// The key.
        key: &'static str,
    },
    /// Two attestations of one type.
    #[error("an image is attested once, and `{kind}` is there twice")]
    AttestTwice {
        /// The type.
        kind: &'static str,
    },
    /// A value that BuildKit would take for several.
    #[error("`{key}` of an attestation is `{value}`; it must be there, without commas and quotes")]
    AttestValue {
        /// The key.
        key: &'static str,
        /// The value.
        value: String,
    },
    /// `whiteouts` in an artifact that is no layer.
    #[error("it has `whiteouts`, but it has the kind `{kind}`, and only a layer has them")]
    NotALayer {
        /// Its kind.
        kind: &'static str,
    },
    /// A group with the name of something else.
    #[error("{other} have one name; call the group something else")]
    GroupTaken {
        /// The other thing.
        other: String,
    },
    /// Groups that lead back to themselves.
    #[error("groups use each other: {}", chain.join(" → "))]
    GroupCircle {
        /// The way round.
        chain: Vec<String>,
    },
    /// A member of a group that stands for nothing.
    #[error("`{name}` is no artifact, prefix or group{}", did_you_mean(nearest.as_deref()))]
    UnknownMember {
        /// The name.
        name: String,
        /// The most similar name.
        nearest: Option<String>,
    },
    /// A default that is no artifact.
    #[error("the default `{name}` is not an artifact{}", did_you_mean(nearest.as_deref()))]
    UnknownDefault {
        /// The name.
        name: String,
        /// The most similar artifact.
        nearest: Option<String>,
    },
    /// A variable with several values in a text that must be the same for all variants.
    #[error(
        "`{{{name}}}` is not the same in all variants, and `{key}` is one text for them: {}",
        listed(values)
    )]
    Varies {
        /// The key that has the text.
        key: &'static str,
        /// The variable.
        name: String,
        /// Its values.
        values: Vec<String>,
    },
    /// A step that cannot be carried out.
    #[error("step {number}: {text}")]
    Step {
        /// The step's number, from 1.
        number: usize,
        /// The index of a step inside it, from 0, then the index of a step in that one, and so on.
        nested: Vec<usize>,
        /// The problem.
        text: String,
        /// The wrong words or values in a file, the closest first.
        written: Vec<String>,
    },
}

/// The hint on a name that is no artifact: a similar artifact, or an image.
fn or_image(nearest: Option<&str>) -> String {
    let meant = nearest
        .map(|nearest| format!(" (did you mean `{nearest}`?)"))
        .unwrap_or_default();
    format!("{meant}, and an image needs a tag or a digest")
}

/// The note on the second spelling of a platform, if it has one.
fn spelt(platform: &str, written: &str) -> String {
    if platform == written {
        String::new()
    } else {
        format!(": `{written}` is the same")
    }
}

impl From<std::convert::Infallible> for Problem {
    fn from(never: std::convert::Infallible) -> Self {
        match never {}
    }
}
