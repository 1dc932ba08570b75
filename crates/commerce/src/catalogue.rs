//! The catalogue: which product is of which category, from a table with two columns.

use access::Op;
use ahash::AHashMap;
use basis::{CategoryId, Fault, fold};
use ingest::{Input, Role, Setting, product_key, read_table};

use crate::store as sql;

/// What a catalogue changed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct CatalogueOutcome {
    pub rows: u64,
    pub products: u64,
    pub new_categories: u64,
    /// Rows without a title or a category.
    pub skipped: u64,
}

/// Rows that one transaction takes.
const PORTION: usize = 500;

/// Reads a table of titles and categories and sets the category of each product; products and categories that are not
/// there yet are made.
///
/// # Errors
/// A file that is no table or has no two columns that could be meant; the database.
pub async fn load_catalogue(op: &Op, input: Input) -> Result<CatalogueOutcome, Fault> {
    let fell = |error: tokio::task::JoinError| Fault::internal("catalogue", error.to_string());
    let (rows, mut outcome) = tokio::task::spawn_blocking(move || pairs(&input)).await.map_err(fell)??;
    for portion in rows.chunks(PORTION) {
        let mut tx = op.app.db.write().await?;
        let mut known: AHashMap<String, i64> = AHashMap::new();
        let mut position = 0;
        for category in sql::categories(&mut tx, op.ws()).await? {
            for name in [&category.key, &category.name_ru, &category.name_uk, &category.name_en] {
                known.insert(fold(name), category.id);
            }
            position = position.max(category.position);
        }
        let mut new = Vec::new();
        let mut wanted: AHashMap<String, i64> = AHashMap::new();
        for (title, name) in portion {
            let category = match known.get(&fold(name)) {
                Some(id) => *id,
                None => {
                    position += 1;
                    let category = named_everywhere(op.next_id(), name, position);
                    sql::insert_category(&mut tx, op.ws(), &category).await?;
                    outcome.new_categories += 1;
                    known.insert(fold(name), category.id);
                    category.id
                }
            };
            let key = product_key(title);
            new.push((op.next_id(), title.as_str(), key.clone()));
            wanted.insert(key, category);
        }
        let rows: Vec<(i64, &str, &str)> =
            new.iter().map(|(id, title, key)| (*id, *title, key.as_str())).collect();
        sql::insert_products(&mut tx, op.ws(), &rows).await?;
        let keys: Vec<&str> = wanted.keys().map(String::as_str).collect();
        let mut by_category: AHashMap<i64, Vec<i64>> = AHashMap::new();
        for (key, product) in sql::products_by_key(&mut tx, op.ws(), &keys).await? {
            if let Some(category) = wanted.get(&key) {
                by_category.entry(*category).or_default().push(product.get());
            }
        }
        for (category, products) in by_category {
            outcome.products +=
                sql::set_products_category(&mut tx, op.ws(), &products, Some(CategoryId(category))).await?;
        }
        tx.commit().await?;
    }
    Ok(outcome)
}

/// The category with this key, made with these names (ru, uk, en) when it is not there yet.
///
/// # Errors
/// The database.
pub async fn ensure_category(op: &Op, key: &str, names: [&str; 3]) -> Result<CategoryId, Fault> {
    let mut tx = op.app.db.write().await?;
    let known = sql::categories(&mut tx, op.ws()).await?;
    if let Some(category) = known.iter().find(|category| category.key == key) {
        return Ok(CategoryId(category.id));
    }
    let [ru, uk, en] = names.map(basis::visible);
    let position = known.iter().map(|category| category.position).max().unwrap_or(0) + 1;
    let id = op.next_id();
    let category = sql::Category {
        id,
        key: key.to_owned(),
        name_ru: ru,
        name_uk: uk,
        name_en: en,
        position,
        guide_url: None,
        products: 0,
    };
    sql::insert_category(&mut tx, op.ws(), &category).await?;
    tx.commit().await?;
    Ok(CategoryId(id))
}

/// A category that is known by one name only: the same in the three languages until somebody translates it.
fn named_everywhere(id: i64, name: &str, position: i64) -> sql::Category {
    let name = basis::visible(name);
    sql::Category {
        id,
        key: fold(&name).replace(' ', "-"),
        name_ru: name.clone(),
        name_uk: name.clone(),
        name_en: name,
        position,
        guide_url: None,
        products: 0,
    }
}

/// (title, category) of each row.
fn pairs(input: &Input) -> Result<(Vec<(String, String)>, CatalogueOutcome), Fault> {
    let mut table = read_table(input, None, &Setting::default())?;
    let (title, category) = columns(table.shape()).ok_or_else(|| {
        Fault::invalid("catalogue_columns", "The file needs a column of titles and one of categories.")
    })?;
    let mut outcome = CatalogueOutcome::default();
    let mut rows = Vec::new();
    while let Some(row) = table.next_row()? {
        outcome.rows += 1;
        let pair = row
            .ok()
            .map(|row| (basis::visible(row.cells().get(title)), basis::visible(row.cells().get(category))));
        match pair {
            Some((title, category)) if !title.is_empty() && !category.is_empty() => {
                rows.push((title, category));
            }
            _ => outcome.skipped += 1,
        }
    }
    Ok((rows, outcome))
}

const CATEGORY_WORDS: [&str; 8] =
    ["category", "категория", "категорія", "раздел", "розділ", "genre", "жанр", "section"];

/// The column of titles and that of categories, by their headers; of a table of two columns the first is the title.
fn columns(shape: &ingest::Shape) -> Option<(usize, usize)> {
    let words: Vec<String> = CATEGORY_WORDS.iter().map(|word| fold(word)).collect();
    let named = shape
        .headers
        .iter()
        .position(|header| words.iter().any(|word| fold(header).starts_with(word.as_str())));
    let category = named.or_else(|| (shape.headers.len() == 2).then_some(1))?;
    let title = shape.columns(Role::Items).iter().copied().find(|at| *at != category);
    let title = title.or_else(|| (0..shape.headers.len()).find(|at| *at != category))?;
    Some((title, category))
}
