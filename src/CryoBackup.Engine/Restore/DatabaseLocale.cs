namespace CryoBackup.Restore;

/// <summary>By what a database orders text, and knows its letters.</summary>
/// <param name="Provider">libc (the operating system), icu or builtin.</param>
/// <param name="Collate">LC_COLLATE: the operating system's order.</param>
/// <param name="Ctype">LC_CTYPE: its letters.</param>
internal sealed record DatabaseLocale(string Provider, string Collate, string Ctype)
{
    /// <summary>The operating system as provider.</summary>
    public const string Libc = "libc";

    /// <summary>ICU as provider (15 and later).</summary>
    public const string Icu = "icu";

    /// <summary>PostgreSQL itself as provider (17 and later).</summary>
    public const string Builtin = "builtin";

    /// <summary>The locale of a provider other than libc.</summary>
    public string? Own { get; init; }

    /// <summary>ICU's rules besides.</summary>
    public string? Rules { get; init; }

    /// <summary>Reads what a user wishes: a locale of the operating system, or provider:locale.</summary>
    /// <param name="wish">For example C, de_DE.UTF-8, icu:de-DE or builtin:C.UTF-8.</param>
    public static DatabaseLocale Parse(string wish)
    {
        int colon = wish.IndexOf(':', StringComparison.Ordinal);
        return wish[..Math.Max(colon, 0)] switch
        {
            Icu => new DatabaseLocale(Icu, "C", "C") { Own = wish[(colon + 1)..] },
            Builtin => new DatabaseLocale(Builtin, "C", "C") { Own = wish[(colon + 1)..] },
            Libc => new DatabaseLocale(Libc, wish[(colon + 1)..], wish[(colon + 1)..]),
            _ => new DatabaseLocale(Libc, wish, wish),
        };
    }

    /// <summary>The words of messages, which are those of a wish: de_DE.UTF-8, icu:de-DE; two where order and letters differ.</summary>
    public override string ToString() =>
        Own is not null ? $"{Provider}:{Own}"
        : string.Equals(Collate, Ctype, StringComparison.Ordinal) ? Collate
        : $"{Collate} (LC_CTYPE {Ctype})";
}
