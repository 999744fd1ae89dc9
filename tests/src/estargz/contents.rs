//! The gzip members that the table of contents leads to: each chunk of a file can be fetched and checked alone.

use super::{gzip, sha256, table::Row};

/// Reads every file by its chunks.
pub(super) fn check(layer: &[u8], rows: &[Row]) -> Result<(), String> {
    let mut rest = rows;
    while let Some((row, after)) = rest.split_first() {
        let is_chunk = |next: &&Row| next.kind == "chunk" && next.name == row.name;
        let chunks = after.iter().take_while(is_chunk).count();
        let (file, after) = rest.split_at(1 + chunks);
        if row.kind == "reg" && row.size > 0 {
            check_file(layer, file).map_err(|error| format!("`{}`: {error}", row.name))?;
        } else if chunks > 0 || row.kind == "chunk" {
            return Err(format!("`{}` has chunks, and no content", row.name));
        }
        rest = after;
    }
    Ok(())
}

/// The row of a file, and those of its further chunks.
fn check_file(layer: &[u8], rows: &[Row]) -> Result<(), String> {
    let file = &rows[0];
    let mut content = Vec::new();
    for (number, row) in rows.iter().enumerate() {
        let start = content.len() as u64;
        if row.chunk_offset != start {
            return Err(format!(
                "chunk {number} is at {}, not {start}",
                row.chunk_offset
            ));
        }
        let size = match row.chunk_size {
            0 => file.size.checked_sub(start).ok_or("it is too long")?,
            size => size,
        };
        let chunk = chunk(layer, row, size)?;
        if sha256(&chunk) != row.chunk_digest {
            return Err(format!("chunk {number} has another digest"));
        }
        content.extend(chunk);
    }
    if content.len() as u64 != file.size {
        return Err(format!("its chunks are {} bytes", content.len()));
    }
    if sha256(&content) == file.digest {
        Ok(())
    } else {
        Err("its chunks together have another digest".to_owned())
    }
}

/// What follows a chunk in its member are the headers up to the next file.
fn chunk(layer: &[u8], row: &Row, size: u64) -> Result<Vec<u8>, String> {
    let compressed = layer.get(row.offset..).ok_or("it is behind the end")?;
    let member = gzip::member(compressed)?;
    let size = usize::try_from(size).map_err(|error| error.to_string())?;
    let chunk = member
        .get(row.inner_offset..row.inner_offset.saturating_add(size))
        .ok_or("its member is too short")?;
    Ok(chunk.to_vec())
}
