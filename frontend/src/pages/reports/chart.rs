//! Charts as pictures that scale: each with a name, a sentence that says what it shows, and a table behind it.

use leptos::prelude::*;

use crate::components::table;
use crate::russian::number;

/// The width of a picture in its own measure, which is about that of a telephone.
const WIDTH: f64 = 320.0;

/// A value with its name.
pub struct Bar {
    /// What it is of.
    pub label: String,
    /// How much.
    pub value: u32,
}

/// What a chart is called and what it shows.
pub struct About {
    /// Its element; of one page each another.
    pub id: &'static str,
    /// Its name.
    pub title: &'static str,
    /// What it shows, in a sentence.
    pub words: String,
    /// What the columns of its table are.
    pub columns: &'static [&'static str],
}

/// The part of the greatest value.
fn share(value: u32, most: u32) -> f64 {
    if most == 0 { 0.0 } else { f64::from(value) / f64::from(most) }
}

fn most(bars: &[Bar]) -> u32 {
    bars.iter().map(|bar| bar.value).max().unwrap_or_default()
}

/// A rectangle of a path.
fn rectangle(x: f64, y: f64, width: f64, height: f64) -> String {
    format!("M{x:.1} {y:.1}h{width:.1}v{height:.1}h{:.1}z", -width)
}

fn figure(about: &About, height: f64, picture: AnyView, bars: &[Bar]) -> AnyView {
    let (title_id, words_id) = (format!("{}-title", about.id), format!("{}-words", about.id));
    let rows =
        bars.iter().map(|bar| vec![bar.label.clone().into_any(), number(bar.value).into_any()]).collect();
    let (labelled, described) = (title_id.clone(), words_id.clone());
    let (title, words) = (about.title, about.words.clone());
    view! {
        <div class="chart">
            <svg
                viewBox=format!("0 0 {WIDTH} {height}")
                role="img"
                aria-labelledby=labelled
                aria-describedby=described
            >
                <title id=title_id>{title}</title>
                <desc id=words_id>{words}</desc>
                {picture}
            </svg>
            <details class="chart-table">
                <summary>"Показать таблицей"</summary>
                {table(about.title, about.columns, rows)}
            </details>
        </div>
    }
    .into_any()
}

/// Bars side by side, one a day: few words fit, so the first and the last are named, and the highest value.
pub fn columns(about: &About, bars: &[Bar]) -> AnyView {
    const TOP: f64 = 20.0;
    const BASE: f64 = 130.0;
    let most = most(bars);
    let step = WIDTH / f64::from(u32::try_from(bars.len().max(1)).unwrap_or(1));
    let mut path = String::new();
    let mut x = 0.0;
    for bar in bars {
        let height = share(bar.value, most) * (BASE - TOP);
        if bar.value > 0 {
            // What is little is seen all the same.
            let height = height.max(1.5);
            path.push_str(&rectangle(x + step * 0.1, BASE - height, step * 0.8, height));
        }
        x += step;
    }
    let label = |bar: Option<&Bar>| bar.map(|bar| bar.label.clone()).unwrap_or_default();
    let (first, last) = (label(bars.first()), label(bars.last().filter(|_| bars.len() > 1)));
    let highest = format!("больше всего за день: {}", number(most));
    let picture = view! {
        <text x="0" y="12">{highest}</text>
        <path class="chart-line" d=format!("M0 {BASE}h{WIDTH}")></path>
        <path class="chart-bars" d=path></path>
        <text x="0" y="146">{first}</text>
        <text x=WIDTH.to_string() y="146" text-anchor="end">{last}</text>
    }
    .into_any();
    figure(about, 152.0, picture, bars)
}

/// Bars one below the other, each with its name above it.
pub fn rows(about: &About, bars: &[Bar]) -> AnyView {
    const ROW: f64 = 38.0;
    let most = most(bars);
    let mut path = String::new();
    let mut behind = String::new();
    let mut words = Vec::new();
    let mut y = 0.0;
    for bar in bars {
        behind.push_str(&rectangle(0.0, y + 19.0, WIDTH, 8.0));
        if bar.value > 0 {
            path.push_str(&rectangle(0.0, y + 19.0, (share(bar.value, most) * WIDTH).max(1.5), 8.0));
        }
        words.push(
            view! {
                <text x="0" y=format!("{}", y + 13.0)>{bar.label.clone()}</text>
                <text x=WIDTH.to_string() y=format!("{}", y + 13.0) text-anchor="end">{number(bar.value)}</text>
            }
            .into_any(),
        );
        y += ROW;
    }
    let picture = view! {
        <path class="chart-behind" d=behind></path>
        <path class="chart-bars" d=path></path>
        {words}
    }
    .into_any();
    figure(about, y.max(1.0), picture, bars)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_the_part_of_the_greatest() {
        assert!((share(5, 10) - 0.5).abs() < f64::EPSILON);
        assert!(share(0, 0).abs() < f64::EPSILON);
        assert_eq!(rectangle(1.0, 2.0, 3.5, 4.0), "M1.0 2.0h3.5v4.0h-3.5z");
    }
}
