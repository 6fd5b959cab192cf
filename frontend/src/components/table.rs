//! Tables and facts: rows on wide screens, cards on a telephone.

use leptos::prelude::*;

/// A table; the first cell of a row names it.
pub fn table(caption: &'static str, columns: &'static [&'static str], rows: Vec<Vec<AnyView>>) -> AnyView {
    let head = columns.iter().map(|name| view! { <th scope="col">{*name}</th> }).collect_view();
    let rows = rows.into_iter().map(|cells| row(columns, cells)).collect_view();
    view! {
        <div class="table-wrap">
            <table class="table">
                <caption class="visually-hidden">{caption}</caption>
                <thead>
                    <tr>{head}</tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
    .into_any()
}

fn row(columns: &'static [&'static str], cells: Vec<AnyView>) -> AnyView {
    let cells = cells
        .into_iter()
        .zip(columns)
        .enumerate()
        .map(|(place, (cell, name))| {
            if place == 0 {
                view! { <th scope="row">{cell}</th> }.into_any()
            } else {
                view! {
                    <td data-label=*name>
                        <div>{cell}</div>
                    </td>
                }
                .into_any()
            }
        })
        .collect_view();
    view! { <tr>{cells}</tr> }.into_any()
}

/// A cell of a line and a smaller one below.
pub fn lines(text: String, below: String) -> AnyView {
    view! {
        {text}
        <span class="cell-sub">{below}</span>
    }
    .into_any()
}

/// Facts by their names; one that is empty is left out.
pub fn facts(facts: Vec<(&'static str, String)>) -> AnyView {
    let facts = facts
        .into_iter()
        .filter(|(_, fact)| !fact.is_empty())
        .map(|(name, fact)| {
            view! {
                <dt>{name}</dt>
                <dd>{fact}</dd>
            }
        })
        .collect_view();
    view! { <dl class="facts">{facts}</dl> }.into_any()
}

/// A part of a page with its heading.
pub fn panel(id: &'static str, title: &'static str, content: Vec<AnyView>) -> AnyView {
    view! {
        <section class="panel stack" aria-labelledby=id>
            <h2 id=id class="side-title">{title}</h2>
            {content}
        </section>
    }
    .into_any()
}
