//! The OpenAPI document.

use utoipa::openapi::{InfoBuilder, OpenApi};

/// Gives the collected document its title.
pub fn finish(mut document: OpenApi) -> OpenApi {
    document.info = InfoBuilder::new()
        .title("Otklik")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(
            "Win-back and retention for shops and contact centres. Ids are strings, times RFC 3339, money integer minor units with a currency; \
             errors are application/problem+json.",
        ))
        .build();
    document
}

/// The document as it is committed in `ui/openapi.json`.
pub fn text() -> Result<String, serde_json::Error> {
    let (_, document) = crate::routes::api().split_for_parts();
    serde_json::to_string_pretty(&finish(document)).map(|text| text + "\n")
}
