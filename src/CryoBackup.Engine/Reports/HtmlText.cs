using System.Net;
using System.Text;

namespace CryoBackup.Reports;

/// <summary>A page in the making. Every text that is not its own is escaped; there is no other way in than <see cref="Text"/>.</summary>
internal sealed class HtmlText
{
    private readonly StringBuilder _page = new();

    /// <summary>Adds markup of the page's own.</summary>
    /// <param name="markup">A literal.</param>
    public HtmlText Markup(string markup)
    {
        _page.Append(markup);
        return this;
    }

    /// <summary>Adds a text, escaped for elements and for attributes in double quotes.</summary>
    /// <param name="text">Any text.</param>
    public HtmlText Text(string text)
    {
        _page.Append(Escape(text));
        return this;
    }

    /// <summary>Adds an element that holds nothing but a text.</summary>
    /// <param name="name">The element's name, with its attributes.</param>
    /// <param name="text">Any text.</param>
    public HtmlText Element(string name, string text) => Markup($"<{name}>").Text(text).Markup($"</{name.Split(' ')[0]}>\n");

    /// <summary>Adds a row of a table.</summary>
    /// <param name="cell">The cells' element, with its attributes: td or th.</param>
    /// <param name="cells">Each cell.</param>
    public HtmlText Row(string cell, params Cell[] cells)
    {
        Markup("<tr>");
        foreach (Cell item in cells)
        {
            Markup(item.Class is null ? $"<{cell}>" : $"<{cell} class=\"{item.Class}\">")
                .Text(item.Text)
                .Markup($"</{cell.Split(' ')[0]}>");
        }

        return Markup("</tr>\n");
    }

    /// <inheritdoc/>
    public override string ToString() => _page.ToString();

    /// <summary>A text escaped for elements and for attributes in double quotes, of HTML and of XML.</summary>
    /// <param name="text">Any text.</param>
    // Control characters are not allowed in HTML, escaped or not; NUL even is an error.
    public static string Escape(string text) =>
        WebUtility.HtmlEncode(
            string.Concat(text.Select(character => char.IsControl(character) && character is not ('\n' or '\t') ? '\uFFFD' : character))
        );

    /// <summary>A cell of a table.</summary>
    /// <param name="Text">Any text.</param>
    /// <param name="Class">The page's own word for how it looks; null for a plain one.</param>
    internal readonly record struct Cell(string Text, string? Class = null)
    {
        public static implicit operator Cell(string text) => new(text);
    }
}
