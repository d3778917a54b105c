//! Uploads.

use std::collections::BTreeMap;

use axum::extract::Multipart;

/// Fields by name.
pub(crate) type Fields = BTreeMap<String, Vec<String>>;

/// The fields, with the file's name under `file`; and the file.
pub(crate) async fn read(mut form: Multipart) -> Option<(Fields, Vec<u8>)> {
    let mut fields: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut file = Vec::new();
    while let Some(field) = form.next_field().await.ok()? {
        let name = field.name()?.to_owned();
        let value = match field.file_name().map(str::to_owned) {
            Some(named) => {
                file = field.bytes().await.ok()?.to_vec();
                named
            }
            None => field.text().await.ok()?,
        };
        fields.entry(name).or_default().push(value);
    }
    Some((fields, file))
}
