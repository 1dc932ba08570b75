use access::{Answer, need, page::Page};
use axum::{
    Json,
    extract::{Multipart, Query},
};
use basis::{CategoryId, Fault, ProductId, fold};
use ingest::Input;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};

use crate::{
    CatalogueOutcome, load_catalogue,
    store::{self as sql, ProductFilter},
};

/// A catalogue is two short columns: a million titles fit.
pub(super) const MAX_CATALOGUE: usize = 64 << 20;

#[derive(Debug, Serialize, ToSchema)]
pub struct ProductView {
    pub id: String,
    pub title: String,
    /// Null: uncategorised.
    pub category_id: Option<String>,
    /// In how many orders it is.
    pub orders: i64,
}

#[derive(Debug, Deserialize, IntoParams)]
pub struct ProductsQuery {
    pub category: Option<String>,
    /// `1`: only products without a category.
    pub uncategorised: Option<String>,
    pub search: Option<String>,
    pub cursor: Option<String>,
    pub limit: Option<u32>,
}

/// Products by title.
#[utoipa::path(get, path = "/api/products", tag = "commerce", params(ProductsQuery), responses((status = 200, body = Page<ProductView>)))]
pub(super) async fn list(
    need::Viewer(op): need::Viewer,
    Query(query): Query<ProductsQuery>,
) -> Answer<Page<ProductView>> {
    let wrong = |what: &'static str| Fault::invalid(what, format!("The {what} is not one of this list."));
    let category = query.category.as_deref().filter(|c| !c.is_empty());
    let category: Option<CategoryId> = category.map(str::parse).transpose().map_err(|_| wrong("category"))?;
    let after = match query.cursor.as_deref() {
        None => None,
        Some(cursor) => {
            let (id, key) = cursor.split_once(':').ok_or_else(|| wrong("cursor"))?;
            Some((key.to_owned(), id.parse().map_err(|_| wrong("cursor"))?))
        }
    };
    let limit = query.limit.unwrap_or(50).clamp(1, 200);
    let filter = ProductFilter {
        category,
        uncategorised: query.uncategorised.is_some_and(|flag| matches!(flag.as_str(), "1" | "true")),
        search: fold(&query.search.unwrap_or_default()),
        after,
        limit,
    };
    let mut tx = op.app.db.read().await?;
    let rows = sql::products(&mut tx, op.ws(), &filter).await?;
    let page = Page::cut(rows, limit, |(row, key)| format!("{}:{key}", row.id));
    let items = page.items.into_iter().map(|(row, _)| ProductView {
        id: row.id.to_string(),
        title: row.title,
        category_id: row.category_id.map(|id| id.to_string()),
        orders: row.orders,
    });
    Ok(Json(Page { items: items.collect(), next: page.next }))
}

#[derive(Debug, Deserialize, ToSchema)]
pub struct ProductsChange {
    #[schema(value_type = Vec<String>)]
    pub ids: Vec<ProductId>,
    /// Null: uncategorised.
    #[schema(value_type = Option<String>)]
    pub category_id: Option<CategoryId>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct Changed {
    pub changed: u64,
}

/// Puts products into a category, or takes them out of any.
#[utoipa::path(patch, path = "/api/products", tag = "commerce", request_body = ProductsChange, responses((status = 200, body = Changed)))]
pub(super) async fn change(
    need::Marketer(op): need::Marketer,
    Json(body): Json<ProductsChange>,
) -> Answer<Changed> {
    if body.ids.len() > 1_000 {
        return Err(Fault::invalid("ids", "At most 1,000 products at once.").into());
    }
    let mut tx = op.app.db.write().await?;
    if let Some(id) = body.category_id
        && !sql::categories(&mut tx, op.ws()).await?.iter().any(|category| category.id == id.get())
    {
        return Err(Fault::not_found("category", "There is no such category.").into());
    }
    let ids: Vec<i64> = body.ids.iter().map(|id| id.get()).collect();
    let changed = sql::set_products_category(&mut tx, op.ws(), &ids, body.category_id).await?;
    op.audit(&mut tx, "products.categorise", "product", 0, json!({ "products": changed })).await?;
    tx.commit().await?;
    Ok(Json(Changed { changed }))
}

/// Loads a catalogue: a table (CSV, XLSX, …) with a column of titles and one of categories.
#[utoipa::path(post, path = "/api/products/catalogue", tag = "commerce", request_body(content_type = "multipart/form-data", content = Object), responses((status = 200, body = CatalogueOutcome)))]
pub(super) async fn catalogue(
    need::Marketer(op): need::Marketer,
    mut form: Multipart,
) -> Answer<CatalogueOutcome> {
    let broken =
        |error: axum::extract::multipart::MultipartError| Fault::invalid("upload", error.body_text());
    while let Some(field) = form.next_field().await.map_err(broken)? {
        if field.name() != Some("file") {
            continue;
        }
        let name = basis::visible(field.file_name().unwrap_or("catalogue.csv"));
        let bytes = field.bytes().await.map_err(broken)?;
        let outcome = load_catalogue(&op, Input::bytes(name, bytes.to_vec())).await?;
        let mut tx = op.app.db.write().await?;
        op.audit(&mut tx, "products.catalogue", "product", 0, json!({ "rows": outcome.rows })).await?;
        tx.commit().await?;
        return Ok(Json(outcome));
    }
    Err(Fault::invalid("upload", "The form has no field \"file\".").into())
}
