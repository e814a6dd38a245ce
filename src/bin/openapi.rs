//! Prints the API's contract; `npm run openapi` writes it to `openapi.json`.

fn main() -> Result<(), serde_json::Error> {
    let text = toolboxai_edge::handlers::document().to_pretty_json()?;
    println!("{text}");
    Ok(())
}
