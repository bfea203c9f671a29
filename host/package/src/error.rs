//! What can be wrong with a package.

/// What is wrong with a package, and where.
#[derive(Debug, thiserror::Error)]
pub enum PackageError {
    /// It cannot be read.
    #[error("cannot read `{path}`: {source}")]
    Read {
        /// What.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// The archive is not one that is unpacked here.
    #[error("the archive's entry `{entry}` {why}")]
    Archive {
        /// Its name.
        entry: String,
        /// What is wrong with it.
        why: String,
    },
    /// It is not an archive.
    #[error("this is no zip archive: {0}")]
    NoArchive(String),
    /// None of the files is there that tell a format.
    #[error("this is no problem package that is known here: it holds {found}")]
    Unknown {
        /// The files that were looked for.
        markers: String,
        /// What stands at the top.
        found: String,
    },
    /// It holds several problems, and none is named, or a title that several have.
    #[error("these are several problems: {problems}")]
    Several {
        /// Their numbers and titles.
        problems: String,
    },
    /// It holds no problem that is called so.
    #[error("there is no problem `{wanted}` in it, but {problems}")]
    NoSuchProblem {
        /// What was named.
        wanted: String,
        /// The numbers and titles of those that there are.
        problems: String,
    },
    /// A file is not what its format wants.
    #[error("`{file}`: {why}")]
    Bad {
        /// Which.
        file: String,
        /// What is wrong with it.
        why: String,
    },
    /// It is sound, and wants something that is not done here.
    #[error("`{file}`: {feature} is not supported")]
    Unsupported {
        /// Where it stands.
        file: String,
        /// What.
        feature: String,
    },
}

impl PackageError {
    pub(crate) fn bad(file: impl Into<String>, why: impl Into<String>) -> Self {
        Self::Bad { file: file.into(), why: why.into() }
    }

    pub(crate) fn unsupported(file: impl Into<String>, feature: impl Into<String>) -> Self {
        Self::Unsupported { file: file.into(), feature: feature.into() }
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Unknown { markers, .. } => Some(format!("a package holds one of {markers}")),
            Self::Unsupported { .. } => {
                Some("it would have to be left out, and then other rules would be judged by".to_owned())
            }
            Self::Several { .. } | Self::NoSuchProblem { .. } => Some(
                "name one behind the file, as in `FILE#2` or `FILE#TITLE`; over HTTP, post an archive of one"
                    .to_owned(),
            ),
            Self::Archive { .. } => Some("pack plain files and directories, and nothing that leads out".to_owned()),
            Self::Read { .. } | Self::NoArchive(_) | Self::Bad { .. } => None,
        }
    }
}
