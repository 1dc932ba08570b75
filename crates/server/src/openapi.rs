//! The OpenAPI document.

use utoipa::openapi::{
    InfoBuilder, OpenApi, Required,
    path::{ParameterBuilder, ParameterIn},
    schema::{ObjectBuilder, Type},
};

/// Gives the collected document its title, and what holds for every POST.
pub fn finish(mut document: OpenApi) -> OpenApi {
    document.info = InfoBuilder::new()
        .title("Otklik")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(
            "Win-back and retention for shops and contact centres. Ids are strings, times RFC 3339, money integer minor units with a currency; \
             errors are application/problem+json.",
        ))
        .build();
    for path in document.paths.paths.values_mut() {
        if let Some(post) = &mut path.post {
            post.parameters.get_or_insert_default().push(
                ParameterBuilder::new()
                    .name("Idempotency-Key")
                    .parameter_in(ParameterIn::Header)
                    .required(Required::False)
                    .description(Some(
                        "Asked again with the same key and body within a day, the request is not done again: its first answer comes back.",
                    ))
                    .schema(Some(ObjectBuilder::new().schema_type(Type::String).max_length(Some(255)).build()))
                    .build()
                    .into(),
            );
        }
    }
    document
}

/// The document as it is committed in `ui/openapi.json`.
pub fn text() -> Result<String, serde_json::Error> {
    let (_, document) = crate::routes::api().split_for_parts();
    serde_json::to_string_pretty(&finish(document)).map(|text| text + "\n")
}
