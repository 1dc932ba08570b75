use access::{Answer, need, page::Page};
use axum::{Json, extract::Path, http::StatusCode};
use basis::{CategoryId, Fault, fold};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use crate::store::{self as sql, Category};

#[derive(Debug, Serialize, ToSchema)]
pub struct CategoryView {
    pub id: String,
    pub key: String,
    pub name_ru: String,
    pub name_uk: String,
    pub name_en: String,
    pub position: i64,
    /// Where it is explained how to use what is of it; letters name it to who bought such a thing.
    pub guide_url: Option<String>,
    /// How many products it has.
    pub products: i64,
}

impl From<Category> for CategoryView {
    fn from(category: Category) -> Self {
        Self {
            id: category.id.to_string(),
            key: category.key,
            name_ru: category.name_ru,
            name_uk: category.name_uk,
            name_en: category.name_en,
            position: category.position,
            guide_url: category.guide_url,
            products: category.products,
        }
    }
}

/// Names that are left out take the first one given.
#[derive(Debug, Deserialize, ToSchema)]
pub struct CategoryBody {
    pub key: Option<String>,
    pub name_ru: Option<String>,
    pub name_uk: Option<String>,
    pub name_en: Option<String>,
    pub position: Option<i64>,
    /// An address as https://shop.example/how-to; empty takes it away.
    pub guide_url: Option<String>,
}

/// All categories in their order.
#[utoipa::path(get, path = "/api/categories", tag = "commerce", responses((status = 200, body = Page<CategoryView>)))]
pub(super) async fn list(need::Anyone(op): need::Anyone) -> Answer<Page<CategoryView>> {
    let mut tx = op.app.db.read().await?;
    let found = sql::categories(&mut tx, op.ws()).await?;
    Ok(Json(Page::whole(found.into_iter().map(CategoryView::from).collect())))
}

fn clean(name: Option<&String>) -> Option<String> {
    name.map(|name| basis::visible(name)).filter(|name| !name.is_empty() && name.chars().count() <= 200)
}

/// The address of a guide, nothing when it is empty.
fn guide(given: &str) -> Result<Option<String>, Fault> {
    let given = given.trim();
    if given.is_empty() {
        return Ok(None);
    }
    let rest = given.strip_prefix("https://").or_else(|| given.strip_prefix("http://"));
    let whole = rest.is_some_and(|r| !r.is_empty() && !r.starts_with('/'))
        && given.len() <= 500
        && !given.chars().any(|c| c.is_whitespace() || c.is_control() || "\"<>\\".contains(c));
    if !whole {
        return Err(Fault::invalid("guide_url", "The guide is an address as https://shop.example/how-to.")
            .with_field("guide_url", "https://…"));
    }
    Ok(Some(given.to_owned()))
}

/// Makes a category.
#[utoipa::path(post, path = "/api/categories", tag = "commerce", request_body = CategoryBody, responses((status = 201, body = CategoryView)))]
pub(super) async fn create(
    need::Marketer(op): need::Marketer,
    Json(body): Json<CategoryBody>,
) -> Result<(StatusCode, Json<CategoryView>), access::Problem> {
    let names = [clean(body.name_ru.as_ref()), clean(body.name_uk.as_ref()), clean(body.name_en.as_ref())];
    let first = names.iter().flatten().next().cloned();
    let first = first.ok_or_else(|| {
        Fault::invalid("category_name", "A category needs a name of at most 200 characters.")
    })?;
    let [ru, uk, en] = names.map(|name| name.unwrap_or_else(|| first.clone()));
    let mut tx = op.app.db.write().await?;
    let last =
        sql::categories(&mut tx, op.ws()).await?.iter().map(|category| category.position).max().unwrap_or(0);
    let key = clean(body.key.as_ref()).unwrap_or_else(|| first.clone());
    let category = Category {
        id: op.next_id(),
        key: fold(&key).replace(' ', "-"),
        name_ru: ru,
        name_uk: uk,
        name_en: en,
        position: body.position.unwrap_or(last + 1),
        guide_url: guide(body.guide_url.as_deref().unwrap_or_default())?,
        products: 0,
    };
    sql::insert_category(&mut tx, op.ws(), &category).await?;
    op.audit(&mut tx, "category.create", "category", category.id, json!({})).await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(category.into())))
}

/// Renames or moves a category.
#[utoipa::path(patch, path = "/api/categories/{id}", tag = "commerce", params(("id" = String, Path)), request_body = CategoryBody, responses((status = 200, body = CategoryView)))]
pub(super) async fn change(
    need::Marketer(op): need::Marketer,
    Path(id): Path<CategoryId>,
    Json(body): Json<CategoryBody>,
) -> Answer<CategoryView> {
    let mut tx = op.app.db.write().await?;
    let found = sql::categories(&mut tx, op.ws()).await?.into_iter().find(|category| category.id == id.get());
    let mut category = found.ok_or_else(|| Fault::not_found("category", "There is no such category."))?;
    for (name, place) in [
        (&body.name_ru, &mut category.name_ru),
        (&body.name_uk, &mut category.name_uk),
        (&body.name_en, &mut category.name_en),
    ] {
        if name.is_some() {
            let name = clean(name.as_ref());
            *place =
                name.ok_or_else(|| Fault::invalid("category_name", "A name has 1 to 200 characters."))?;
        }
    }
    if let Some(given) = &body.guide_url {
        category.guide_url = guide(given)?;
    }
    category.position = body.position.unwrap_or(category.position);
    sql::update_category(&mut tx, op.ws(), &category).await?;
    op.audit(&mut tx, "category.change", "category", id, json!({})).await?;
    tx.commit().await?;
    Ok(Json(category.into()))
}

/// Removes a category; its products become uncategorised.
#[utoipa::path(delete, path = "/api/categories/{id}", tag = "commerce", params(("id" = String, Path)), responses((status = 204)))]
pub(super) async fn remove(
    need::Marketer(op): need::Marketer,
    Path(id): Path<CategoryId>,
) -> Result<StatusCode, access::Problem> {
    let mut tx = op.app.db.write().await?;
    if sql::delete_category(&mut tx, op.ws(), id).await? == 0 {
        return Err(Fault::not_found("category", "There is no such category.").into());
    }
    op.audit(&mut tx, "category.remove", "category", id, json!({})).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
