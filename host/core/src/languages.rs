//! The languages that can be judged here: shared by all rooms, refreshed by the composition root.

use std::sync::Arc;

use arc_swap::ArcSwap;

use crate::language::{Availability, Descriptor, LanguageInfo};
use crate::limits::PartialLimits;

/// The languages that this server knows. Readers never wait; a refresh replaces the whole list.
#[derive(Debug, Default)]
pub struct LanguageBook {
    list: ArcSwap<Vec<LanguageInfo>>,
    expected: ArcSwap<Expected>,
}

/// Plugins that are being loaded.
#[derive(Debug, Default)]
struct Expected {
    languages: Vec<LanguageInfo>,
    /// Files that have not said which language they are for.
    has_unnamed: bool,
}

/// All that is known of a language whose plugin is not loaded yet.
#[derive(Debug, Clone, Default)]
pub struct Named {
    /// The id.
    pub id: String,
    /// Other names that jobs may use.
    pub aliases: Vec<String>,
    /// File extensions without the dot.
    pub extensions: Vec<String>,
    /// A job's arguments are the command to run.
    pub commands: bool,
}

impl LanguageBook {
    /// Puts a new list in place of the old one.
    pub fn replace(&self, mut list: Vec<LanguageInfo>) {
        list.sort_by(|a, b| a.descriptor.id.cmp(&b.descriptor.id));
        self.list.store(Arc::new(list));
    }

    /// The languages of these descriptors and plugins' digests, with what is known of their toolchains; and those that are
    /// being loaded. `is_settled`: no other language can turn up.
    pub fn refresh(&self, known: &[(Descriptor, String)], expected: Vec<Named>, is_settled: bool) {
        self.expected.store(Arc::new(Expected {
            languages: expected.into_iter().map(provisional).collect(),
            has_unnamed: !is_settled,
        }));
        self.list.rcu(|before| {
            let availability =
                |digest: &str| before.iter().find(|l| l.plugin_digest == digest).map(|l| &l.availability);
            let info = |(descriptor, digest): &(Descriptor, String)| LanguageInfo {
                descriptor: descriptor.clone(),
                plugin_digest: digest.clone(),
                availability: availability(digest).cloned().unwrap_or(Availability::Unknown),
            };
            let mut list: Vec<_> = known.iter().map(info).collect();
            list.sort_by(|a, b| a.descriptor.id.cmp(&b.descriptor.id));
            list
        });
    }

    /// Notes what a language's toolchain answered; a plugin that was replaced meanwhile is asked again.
    pub fn answer(&self, plugin_digest: &str, availability: &Availability) {
        self.list.rcu(|before| {
            let mut list = before.as_ref().clone();
            let asked = list.iter_mut().filter(|language| language.plugin_digest == plugin_digest);
            asked.for_each(|language| language.availability = availability.clone());
            list
        });
    }

    /// Every language, by id.
    pub fn all(&self) -> Arc<Vec<LanguageInfo>> {
        self.list.load_full()
    }

    /// A language for jobs that run nothing of it: one that can run here, as far as that is known.
    pub fn any(&self) -> Option<LanguageInfo> {
        let rank = |language: &&LanguageInfo| match language.availability {
            Availability::Available { .. } => 0,
            Availability::Unknown => 1,
            Availability::Unavailable { .. } => 2,
        };
        self.all().iter().min_by_key(rank).cloned()
    }

    /// Every language, by id, with those that are being loaded: of these only the names are known yet.
    pub fn listed(&self) -> Vec<LanguageInfo> {
        let mut all = self.list.load().as_ref().clone();
        let expected = self.expected.load();
        let new = |language: &&LanguageInfo| !all.iter().any(|known| known.descriptor.id == language.descriptor.id);
        let new: Vec<_> = expected.languages.iter().filter(new).cloned().collect();
        all.extend(new);
        all.sort_by(|a, b| a.descriptor.id.cmp(&b.descriptor.id));
        all
    }

    /// Returns true if there is no language and none is being loaded.
    pub fn is_empty(&self) -> bool {
        let expected = self.expected.load();
        self.list.load().is_empty() && expected.languages.is_empty() && !expected.has_unnamed
    }

    /// The language of this id or alias. Of one that is being loaded only the names are known; a job for it can be
    /// accepted, and waits.
    pub fn find(&self, name: &str) -> Option<LanguageInfo> {
        let (list, expected) = (self.list.load(), self.expected.load());
        let all = || list.iter().chain(&expected.languages);
        let by_id = all().find(|l| l.descriptor.id == name);
        by_id.or_else(|| all().find(|l| l.descriptor.is_called(name))).cloned()
    }

    /// Returns true if a language of this name may still appear: a file that is being loaded has not named its language
    /// yet.
    pub fn may_turn_up(&self, name: &str) -> bool {
        self.expected.load().has_unnamed && self.find(name).is_none()
    }

    /// The version that its toolchain reports, once the probe has run.
    pub fn toolchain(&self, id: &str) -> Option<String> {
        match &self.list.load().iter().find(|l| l.descriptor.id == id)?.availability {
            Availability::Available { version } => Some(version.clone()),
            Availability::Unknown | Availability::Unavailable { .. } => None,
        }
    }

    /// The language whose files end like this (without the dot); one whose toolchain is missing only if there is no other.
    pub fn by_extension(&self, extension: &str) -> Option<LanguageInfo> {
        let is_missing = |l: &LanguageInfo| matches!(l.availability, Availability::Unavailable { .. });
        let rank = |l: &LanguageInfo| {
            let place = l.descriptor.extensions.iter().position(|e| e == extension)?;
            Some((is_missing(l), place))
        };
        self.list
            .load()
            .iter()
            .filter_map(|l| Some((rank(l)?, l)))
            .min_by_key(|(rank, _)| *rank)
            .map(|(_, l)| l.clone())
    }

    /// The language whose jobs are commands, if there is one here.
    pub fn of_commands(&self) -> Option<LanguageInfo> {
        let (list, expected) = (self.list.load(), self.expected.load());
        list.iter().chain(&expected.languages).find(|language| language.descriptor.commands).cloned()
    }

    /// The known name nearest to a mistyped one.
    pub fn suggest(&self, name: &str) -> Option<String> {
        let (list, expected) = (self.list.load(), self.expected.load());
        let all = list.iter().chain(&expected.languages);
        let names = all.flat_map(|l| std::iter::once(&l.descriptor.id).chain(&l.descriptor.aliases));
        crate::suggest::nearest(name, names.map(String::as_str)).map(str::to_owned)
    }
}

/// A language of which the names are known and nothing else.
fn provisional(Named { id, aliases, extensions, commands }: Named) -> LanguageInfo {
    let descriptor = Descriptor {
        name: id.clone(),
        id,
        version: String::new(),
        aliases,
        extensions,
        commands,
        images: Vec::new(),
        probe: Vec::new(),
        install_hint: String::new(),
        time_multiplier: 1.0,
        memory_multiplier: 1.0,
        minimum: PartialLimits::default(),
        options_schema: None,
        judge0_ids: Vec::new(),
        piston_names: Vec::new(),
        samples: Vec::new(),
    };
    LanguageInfo { descriptor, plugin_digest: String::new(), availability: Availability::Unknown }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expected(id: &str) -> Named {
        let (aliases, extensions) = (vec![format!("{id}-alias")], vec![id.to_owned()]);
        Named { id: id.to_owned(), aliases, extensions, commands: false }
    }

    #[test]
    fn a_language_that_is_being_loaded_is_listed_by_its_names() {
        let book = LanguageBook::default();
        assert!(book.is_empty());
        book.refresh(&[], vec![expected("toy")], true);
        assert!(!book.is_empty() && book.all().is_empty());
        assert_eq!(book.listed().iter().map(|l| &*l.descriptor.id).collect::<Vec<_>>(), ["toy"]);
        assert_eq!(book.find("toy-alias").unwrap().descriptor.extension(), "toy");
        assert_eq!(book.suggest("toi").as_deref(), Some("toy"));
        assert!(!book.may_turn_up("nosuch"));
        book.refresh(&[], vec![expected("toy")], false);
        assert!(book.may_turn_up("nosuch") && !book.may_turn_up("toy"));
    }

    #[test]
    fn any_language_is_one_that_can_run_here() {
        let book = LanguageBook::default();
        let language = |id: &str| (provisional(expected(id)).descriptor, id.to_owned());
        book.refresh(&["a", "b", "c"].map(language), Vec::new(), true);
        assert_eq!(book.any().unwrap().descriptor.id, "a");
        book.answer("a", &Availability::Unavailable { reason: "no image".to_owned(), hint: "pull it".to_owned() });
        assert_eq!(book.any().unwrap().descriptor.id, "b");
        book.answer("c", &Availability::Available { version: "1.2".to_owned() });
        assert_eq!(book.any().unwrap().descriptor.id, "c");
    }

    #[test]
    fn what_a_toolchain_answered_is_kept_for_the_same_plugin() {
        let book = LanguageBook::default();
        let language = |digest: &str| (provisional(expected("toy")).descriptor, digest.to_owned());
        book.refresh(&[language("1")], Vec::new(), true);
        let version = "1.2".to_owned();
        book.answer("1", &Availability::Available { version });
        book.refresh(&[language("1")], Vec::new(), true);
        assert_eq!(book.toolchain("toy").as_deref(), Some("1.2"));
        book.refresh(&[language("2")], Vec::new(), true);
        assert_eq!(book.toolchain("toy"), None);
    }

    #[test]
    fn a_language_without_its_toolchain_is_taken_only_if_there_is_no_other() {
        let book = LanguageBook::default();
        let language = |id: &str, extensions: &[&str]| {
            let extensions = extensions.iter().map(|&extension| extension.to_owned()).collect();
            (provisional(Named { extensions, ..expected(id) }).descriptor, id.to_owned())
        };
        book.refresh(&[language("one", &["1", "x"]), language("two", &["x"])], Vec::new(), true);
        let found = || book.by_extension("x").unwrap().descriptor.id;
        assert_eq!(found(), "two", "the one that names it first");
        let unavailable = Availability::Unavailable { reason: String::new(), hint: String::new() };
        book.answer("two", &unavailable);
        assert_eq!(found(), "one");
        book.answer("one", &unavailable);
        assert_eq!(found(), "two");
    }
}
