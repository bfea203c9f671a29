//! `language.toml`, read: every field it may have, in the order in which docs/plugins.md tells of them.

use toml::de::DeTable;

use super::Wrong;
use super::fields::{Field, Fields, line, nearest};
use super::slots::{SLOTS, slots};
use crate::manifest::{Choice, Command, Compare, Kind, Limits, Manifest, Program};

/// The names that may stand in braces in a diagnostic's pattern; see [`crate::pattern`].
const REMARK: [&str; 6] = ["path", "line", "column", "severity", "message", ""];

/// Reads a language; `samples` travel with its plugin.
///
/// # Errors
/// The first thing that is wrong with it.
pub fn read(text: &str, samples: Vec<Program>) -> Result<Manifest, Wrong> {
    let table = DeTable::parse(text).map_err(|error| Wrong {
        line: line(text, error.span().map_or(0, |span| span.start)),
        field: "language.toml".to_owned(),
        message: format!("is not TOML: {}", error.message()),
        hint: "texts stand in quotes, lists in brackets: `extensions = [\"lua\"]`".to_owned(),
    })?;
    let mut fields = Fields::root(text, table.get_ref());
    let (mut manifest, commands) = about(&mut fields)?;
    manifest.samples = samples;
    manifest.options = fields.get("options").map(|field| options(&field)).transpose()?.unwrap_or_default();
    if commands {
        manifest.options.retain(|option| option.name != "image");
        manifest.options.push(images(&manifest.images));
    }
    let env = fields.get("env").map(|field| pairs(&field)).transpose()?.unwrap_or_default();
    let compile = fields.get("compile");
    let run = fields.need("run", "say how a program is started: `run = \"lua {main}\"`")?;
    fields.finish()?;
    let names: Vec<_> = manifest.options.iter().map(|option| (option.name.clone(), option.kind.clone())).collect();
    let reader = Commands { options: names, env, are_jobs: commands };
    if let Some(compile) = compile {
        let many = compile.is_list();
        let steps = if many { compile.items() } else { vec![compile] };
        manifest.compile = steps.iter().map(|step| reader.read(step, "compile")).collect::<Result<_, _>>()?;
    }
    manifest.run = reader.read(&run, "run")?;
    if commands && !manifest.is_command() {
        return Err(run.wrong("is not the command of the job", "write `run = \"{args}\"`, or leave out `commands`"));
    }
    Ok(manifest)
}

/// The images of commands, of which a job chooses one: the first by default.
pub(super) fn images(images: &[String]) -> Choice {
    let about = "The image to run in".to_owned();
    Choice { name: "image".to_owned(), about, kind: Kind::Values(images.to_vec()) }
}

/// What a language is, and whether its jobs are commands.
fn about(fields: &mut Fields<'_>) -> Result<(Manifest, bool), Wrong> {
    let id = fields.need("id", "say what jobs call the language: `id = \"lua\"`")?.text()?;
    let name = fields.need("name", "say what people call the language: `name = \"Lua\"`")?.text()?;
    let commands = fields.get("commands").map_or(Ok(false), |field| field.switch())?;
    let extensions = match fields.get("extensions") {
        None if commands => Vec::new(),
        _ => fields.need("extensions", "say how its files end: `extensions = [\"lua\"]`")?.texts()?,
    };
    let image = fields.need("image", "name the image that has its toolchain: `image = \"optimus/lua:5.4\"`")?;
    let probe = fields.need("probe", "say what prints the toolchain's version: `probe = \"lua -v\"`")?.words()?;
    let mut texts = |name| fields.get(name).map(|field| field.texts()).transpose().map(Option::unwrap_or_default);
    let (aliases, piston_names) = (texts("aliases")?, texts("piston_names")?);
    let memory_errors = texts("memory_errors")?;
    let warm = fields.get("warm").map_or(Ok(false), |field| field.switch())?;
    let diagnostics = fields.get("diagnostics").map(|field| patterns(&field)).transpose()?.unwrap_or_default();
    let mut text = |name| fields.get(name).map(|field| field.text()).transpose();
    let (version, install) = (text("version")?, text("install")?.unwrap_or_default());
    let mut multiplier = |name| fields.get(name).map_or(Ok(1.0), |field| field.number());
    let (time_multiplier, memory_multiplier) = (multiplier("time_multiplier")?, multiplier("memory_multiplier")?);
    let judge0 = fields.get("judge0_ids").map(|field| field.items()).unwrap_or_default();
    let minimum = match fields.get("minimum") {
        Some(field) => {
            let mut table = field.table()?;
            let minimum = limits(&mut table)?;
            table.finish()?;
            minimum
        }
        None => Limits::default(),
    };
    let manifest = Manifest {
        version: version.unwrap_or_else(|| "1.0.0".to_owned()),
        images: image.texts()?,
        judge0_ids: judge0.iter().map(Field::count).collect::<Result<_, _>>()?,
        compare: fields.get("compare").map(|field| compare(&field)).transpose()?,
        id,
        name,
        aliases,
        extensions,
        probe,
        install,
        time_multiplier,
        memory_multiplier,
        minimum,
        piston_names,
        memory_errors,
        warm,
        diagnostics,
        ..Manifest::default()
    };
    Ok((manifest, commands))
}

fn limits(fields: &mut Fields<'_>) -> Result<Limits, Wrong> {
    let mut count = |name| fields.get(name).map(|field| field.count()).transpose();
    let seconds = count("cpu_s")?;
    Ok(Limits {
        cpu_ms: seconds.map(|s| s.saturating_mul(1_000)),
        wall_ms: seconds.map(|s| s.saturating_mul(2_000)),
        memory_mib: count("memory_mib")?.map(|mib| mib.min(u32::MAX >> 10)),
        processes: count("processes")?,
        work_mib: count("work_mib")?.map(|mib| mib.min(u32::MAX >> 10)),
    })
}

fn options(field: &Field<'_>) -> Result<Vec<Choice>, Wrong> {
    let option = |(name, field): (String, Field<'_>)| {
        let mut fields = field.table()?;
        let about = fields.get("about").map(|field| field.text()).transpose()?.unwrap_or_default();
        let values = fields.get("values").map(|field| field.texts()).transpose()?;
        let switch = fields.get("switch").map(|field| field.text()).transpose()?;
        let default = fields.get("default").map_or(Ok(false), |field| field.switch())?;
        let kind = fields.get("kind").map(|field| field.text()).transpose()?;
        fields.finish()?;
        let kind = match (values, switch, kind.as_deref()) {
            (Some(values), None, None) if !values.is_empty() => Kind::Values(values),
            (None, Some(word), None) => Kind::Switch(word, default),
            (None, None, Some("flags")) => Kind::Flags,
            (None, None, Some("text")) => Kind::Text,
            _ => {
                let hint = "`values = [\"17\", \"20\"]`, `switch = \"-g\"`, `kind = \"flags\"` or `kind = \"text\"`";
                return Err(field.wrong("does not say what may be chosen", format!("give it exactly one of {hint}")));
            }
        };
        Ok(Choice { name, about, kind })
    };
    field.table()?.all().map(option).collect()
}

fn pairs(field: &Field<'_>) -> Result<Vec<(String, String)>, Wrong> {
    field.table()?.all().map(|(name, value)| Ok((name, value.text()?))).collect()
}

fn patterns(field: &Field<'_>) -> Result<Vec<String>, Wrong> {
    for item in field.items() {
        let text = item.text()?;
        let names = slots(&text).map_err(|why| item.wrong(why, "write braces in pairs"))?;
        let unknown = names.iter().find(|name| !REMARK.contains(&name.as_str()));
        if unknown.is_some() || !names.iter().any(|name| name == "message") {
            let hint = "as in `{path}:{line}:{column}: {severity}: {message}`; `{}` is anything";
            return Err(item.wrong("is no pattern of a remark", hint));
        }
    }
    field.texts()
}

fn compare(field: &Field<'_>) -> Result<Compare, Wrong> {
    let text = field.text()?;
    let floats = || {
        let (abs, rel) = text.strip_prefix("floats:")?.split_once(',')?;
        let tolerance = |text: &str| text.trim().parse().ok().filter(|t: &f64| t.is_finite() && *t >= 0.0);
        Some(Compare::Floats(tolerance(abs)?, tolerance(rel)?))
    };
    Ok(match text.as_str() {
        "exact" => Compare::Exact,
        "trimmed" => Compare::Trimmed,
        "tokens" => Compare::Tokens,
        "lines" => Compare::Lines,
        "unordered" => Compare::Unordered,
        _ => floats().ok_or_else(|| {
            field.wrong("is no way to compare", "exact, trimmed, tokens, lines, unordered, or floats:ABS,REL")
        })?,
    })
}

/// Settings that all commands of a language share.
struct Commands {
    options: Vec<(String, Kind)>,
    env: Vec<(String, String)>,
    /// A job's arguments are the command that is run.
    are_jobs: bool,
}

impl Commands {
    fn read(&self, field: &Field<'_>, name: &str) -> Result<Command, Wrong> {
        if field.is_text() || field.is_list() {
            return self.command(field, Command { name: name.to_owned(), ..Command::default() });
        }
        if !field.is_table() {
            return Err(field.wrong("is no command", "write it as in `run = \"lua {main}\"`"));
        }
        let mut fields = field.table()?;
        let argv = fields.need("argv", "say which program is started: `argv = \"lua {main}\"`")?;
        let name = fields.get("name").map(|field| field.text()).transpose()?.unwrap_or_else(|| name.to_owned());
        let collect = fields.get("collect");
        let env = fields.get("env").map(|field| pairs(&field)).transpose()?.unwrap_or_default();
        let files = fields.get("files").map(|field| pairs(&field)).transpose()?.unwrap_or_default();
        let limits = limits(&mut fields)?;
        fields.finish()?;
        let mut command = self.command(&argv, Command { name, files, limits, ..Command::default() })?;
        command.env.extend(env);
        if let Some(collect) = collect {
            command.collect = collect.words()?;
            self.check(&collect, &command.collect)?;
        }
        Ok(command)
    }

    fn command(&self, field: &Field<'_>, command: Command) -> Result<Command, Wrong> {
        let words = field.words()?;
        if words.first().is_none_or(String::is_empty) {
            return Err(field.wrong("names no program", "its first word is the program: `lua {main}`"));
        }
        if self.are_jobs && words == ["{args}"] {
            // The arguments stand behind every run step: here they are all of it.
            return Ok(Command { env: self.env.clone(), ..command });
        }
        self.check(field, &words)?;
        Ok(Command { words, env: self.env.clone(), ..command })
    }

    /// Every slot is one that can be filled, and one of many words stands alone.
    fn check(&self, field: &Field<'_>, words: &[String]) -> Result<(), Wrong> {
        let option = |(name, kind): &(String, Kind)| (name.clone(), !matches!(kind, Kind::Values(_)));
        let known: Vec<(String, bool)> = SLOTS.map(|(name, many)| (name.to_owned(), many)).into_iter().collect();
        let known: Vec<(String, bool)> = known.into_iter().chain(self.options.iter().map(option)).collect();
        for word in words {
            let slots = slots(word).map_err(|why| field.wrong(why, "write braces in pairs"))?;
            for slot in &slots {
                let names: Vec<&str> = known.iter().map(|(name, _)| name.as_str()).collect();
                let Some((_, many)) = known.iter().find(|(name, _)| name == slot) else {
                    let near = nearest(slot, &names).map(|near| format!("did you mean `{{{near}}}`? "));
                    let hint = format!("{}there are {}", near.unwrap_or_default(), names.join(", "));
                    return Err(field.wrong(format!("has a slot `{{{slot}}}` that nothing fills"), hint));
                };
                if *many && *word != format!("{{{slot}}}") {
                    let message = format!("has `{{{slot}}}` inside of the word `{word}`");
                    return Err(field.wrong(message, "it stands for any number of words: put blanks around it"));
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
