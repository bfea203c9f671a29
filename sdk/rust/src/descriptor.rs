//! Saying what a language is.

use crate::{Descriptor, Opt, Sample, StepLimits, options};

fn strings(items: impl IntoIterator<Item = impl Into<String>>) -> Vec<String> {
    items.into_iter().map(Into::into).collect()
}

impl Descriptor {
    /// A language that needs nothing unusual. Give it at least `extensions`, an `image` and a `probe`; its version is
    /// the crate's.
    pub fn new(id: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            name: name.into(),
            version: String::new(),
            aliases: Vec::new(),
            extensions: Vec::new(),
            images: Vec::new(),
            probe: Vec::new(),
            install_hint: String::new(),
            time_multiplier: 1.0,
            memory_multiplier: 1.0,
            minimum: StepLimits::default(),
            options_schema: None,
            judge0_ids: Vec::new(),
            piston_names: Vec::new(),
            samples: Vec::new(),
            ext: Vec::new(),
        }
    }

    /// Other names that a job may use.
    #[must_use]
    pub fn aliases(mut self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.aliases = strings(names);
        self
    }

    /// File extensions without the dot, the most specific first: a job's single source is called `main.` and the first.
    #[must_use]
    pub fn extensions(mut self, extensions: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.extensions = strings(extensions);
        self
    }

    /// Adds an image that plans may name; the first is what they name when they say nothing.
    #[must_use]
    pub fn image(mut self, image: impl Into<String>) -> Self {
        self.images.push(image.into());
        self
    }

    /// The program that prints the toolchain's version and fails where there is none.
    #[must_use]
    pub fn probe(mut self, argv: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.probe = strings(argv);
        self
    }

    /// The operator's remedy where the probe fails: `apt-get install lua5.4`.
    #[must_use]
    pub fn install_hint(mut self, hint: impl Into<String>) -> Self {
        self.install_hint = hint.into();
        self
    }

    /// Multiplies the time limits of jobs.
    #[must_use]
    pub fn time_multiplier(mut self, factor: f64) -> Self {
        self.time_multiplier = factor;
        self
    }

    /// Multiplies the memory limits of jobs.
    #[must_use]
    pub fn memory_multiplier(mut self, factor: f64) -> Self {
        self.memory_multiplier = factor;
        self
    }

    /// The needs of an empty program of the language: no limit is ever below.
    #[must_use]
    pub fn minimum(mut self, limits: StepLimits) -> Self {
        self.minimum = limits;
        self
    }

    /// The options that a job may set; read them in the plan with [`Request::options`](crate::Request::options).
    #[must_use]
    pub fn options(mut self, options: &[Opt]) -> Self {
        self.options_schema = Some(options::schema(options));
        self
    }

    /// A job's arguments are the command to run, whatever it is. Servers load such a plugin only with `--commands`, and
    /// its jobs need the scope `commands`. It needs no extensions.
    #[must_use]
    pub fn commands(mut self) -> Self {
        self.ext.push(("commands".to_owned(), "true".to_owned()));
        self
    }

    /// Numbers by which Judge0's clients know the language.
    #[must_use]
    pub fn judge0_ids(mut self, ids: impl IntoIterator<Item = u32>) -> Self {
        self.judge0_ids = ids.into_iter().collect();
        self
    }

    /// Names by which Piston's clients know it.
    #[must_use]
    pub fn piston_names(mut self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.piston_names = strings(names);
        self
    }

    /// A program to try the language with, and what it prints.
    #[must_use]
    pub fn sample(mut self, name: &str, path: &str, source: &str, expect: &str) -> Self {
        self.samples.push(Sample {
            name: name.to_owned(),
            path: path.to_owned(),
            source: source.to_owned(),
            expect: expect.to_owned(),
        });
        self
    }
}
