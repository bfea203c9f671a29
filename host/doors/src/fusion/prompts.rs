//! The rows of data sets as prompts for models. No data set is stored here: the rows come with the request.

use axum::Json;
use axum::body::Bytes;
use axum::response::{IntoResponse as _, Response};
use serde_json::{Map, Value, json};

use super::cases::unfolded;
use super::config::{Config, Sent};
use crate::early::Early;
use crate::fastapi::errors::{bad_request, unprocessable};

/// `GET /list_datasets`.
pub(super) async fn datasets() -> Json<[String; 0]> {
    Json([])
}

/// `POST /list_ids`.
pub(super) async fn ids(bytes: Bytes) -> Result<Response, Early> {
    let prompts = of_rows(&bytes)?;
    let ids: Vec<&Value> = prompts.iter().map(|prompt| &prompt["id"]).collect();
    Ok(Json(ids).into_response())
}

/// `POST /get_prompts`.
pub(super) async fn prompts(bytes: Bytes) -> Result<Response, Early> {
    Ok(Json(of_rows(&bytes)?).into_response())
}

/// `POST /get_prompt_by_id`.
pub(super) async fn prompt(bytes: Bytes) -> Result<Response, Early> {
    let sent = named(&bytes)?;
    sent.required_id().map_err(|mistake| unprocessable(&mistake))?;
    sent.check_class()?;
    Ok(Json(of_row(sent.config.row()?, &sent.config)?).into_response())
}

/// `POST /get_metrics`: a class of one metric has no others.
pub(super) async fn metrics(bytes: Bytes) -> Result<Response, Early> {
    named(&bytes)?;
    Ok(Json(json!({})).into_response())
}

/// `POST /get_metrics_function`.
pub(super) async fn metrics_function(bytes: Bytes) -> Result<Response, Early> {
    named(&bytes)?;
    Ok(Json(json!({"function": null})).into_response())
}

fn named(bytes: &[u8]) -> Result<Sent, Early> {
    Ok(Sent::named(bytes).map_err(|mistake| unprocessable(&mistake))?)
}

fn of_rows(bytes: &[u8]) -> Result<Vec<Value>, Early> {
    let sent = named(bytes)?;
    sent.check_class()?;
    let rows = sent.config.rows()?.iter().filter_map(Value::as_object);
    rows.map(|row| of_row(row, &sent.config)).collect()
}

fn of_row(row: &Map<String, Value>, config: &Config) -> Result<Value, Early> {
    let id = match row.get("id") {
        Some(id) if id.is_i64() || id.is_u64() || id.is_string() => id,
        _ => return Err(bad_request("config.provided_data.id is neither a number nor a text").into()),
    };
    let Some(content) = row.get("content").and_then(Value::as_str) else {
        return Err(bad_request("config.provided_data.content is missing, or not a text").into());
    };
    let labels = unfolded(row, "labels").map_err(|why| bad_request(&why))?.unwrap_or(json!({}));
    if !labels.is_object() {
        return Err(bad_request("config.provided_data.labels is not a dict").into());
    }
    let prompt = format!("{content}\n\n{}", instruction(config));
    Ok(json!({"id": id, "prompt": prompt, "labels": labels}))
}

/// Asks for a program of the form that is judged.
fn instruction(config: &Config) -> String {
    let language = config.language.as_deref().filter(|name| !name.is_empty());
    if config.locale.as_deref() == Some("zh") {
        let language = language.map(|name| format!("用 {name} ")).unwrap_or_default();
        return format!("请{language}编写一个完整的程序：从标准输入读取数据，并将结果输出到标准输出。");
    }
    let language = language.map(|name| format!(" in {name}")).unwrap_or_default();
    format!("Write a complete program{language} that reads standard input and prints its answer to standard output.")
}
