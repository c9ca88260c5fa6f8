//! What to do about an error in data.

use algoflow_data::DataError;

/// Where the user can say how to read data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// In a configuration.
    Config,
    /// On the command line.
    Options,
}

/// What to do about an error.
pub(crate) fn advice(error: &DataError, place: Place) -> Option<String> {
    let config = place == Place::Config;
    Some(match error {
        DataError::Row(row) => {
            let option = if config { "policy = \"drop\" or \"repair\" in the [[data]] section" } else { "--policy drop or --policy repair" };
            let file = &row.file;
            format!("correct the row, or allow repairs with {option}; `algoflow data inspect {file}` lists all problems")
        }
        DataError::MissingColumn { role, .. } => {
            let role = role.replace(' ', "_");
            if config {
                format!("say which column it is: schema = {{ columns = {{ {role} = \"NAME\" }} }}; or is `kind` wrong?")
            } else {
                format!("say which column it is: --column {role}=NAME; or is --kind wrong?")
            }
        }
        DataError::ColumnType { column, .. } => {
            format!("map another column instead of {column:?}, or convert it where the file is made")
        }
        DataError::Empty { .. } => "the file has no rows; check that it was written completely".into(),
        DataError::Format { .. } => "CSV and Parquet are read, plain or as .gz or .zip; `algoflow data inspect FILE` shows what is in a file".into(),
        DataError::OutOfOrder { .. } => {
            if config {
                "files of one section must follow each other in time, in the order of their names; write a [[data]] section for each file".into()
            } else {
                "name the files in the order of time".into()
            }
        }
        DataError::Io { .. } => "check the path and the permissions".into(),
        DataError::Catalog { .. } => "`algoflow data list --catalog DIR` shows what a catalog holds".into(),
        _ => return None,
    })
}
