using CryoBackup.Postgres;
using Npgsql;

namespace CryoBackup.Restore;

/// <summary>The locale that a database gets on a server: the source's where the server has it, else what means the same there.</summary>
/// <param name="Options">What follows the name in CREATE DATABASE.</param>
/// <param name="Change">What is other than at the source, and what follows from it; null where nothing is.</param>
internal sealed record LocaleChoice(string Options, string? Change)
{
    private const int FirstWithProviders = 15;
    private const int FirstWithRules = 16;
    private const int FirstWithBuiltin = 17;
    private const int FirstWithFastUnicode = 18;
    private const string UnicodeC = "C.UTF-8";

    // Their letters are Unicode's, whatever their language; which of them a machine has is a matter of chance.
    private static readonly string[] s_unicodeLetters = ["en_US.UTF-8", "en_GB.UTF-8", "en-US"];

    /// <summary>Chooses by asking a server, which changes nothing.</summary>
    /// <param name="server">A session on it.</param>
    /// <param name="options">The options of the source's CREATE DATABASE.</param>
    /// <param name="wish">As -Locale says it; null where nobody wished one.</param>
    /// <param name="cancellationToken">Has the server cancel the questions.</param>
    /// <exception cref="CryoBackupException">ObjectNotFound: the server has neither it nor what means the same.</exception>
    public static Task<LocaleChoice> MakeAsync(
        NpgsqlConnection server,
        DatabaseOptions options,
        string? wish,
        CancellationToken cancellationToken
    ) =>
        MakeAsync(
            options,
            server.PostgreSqlVersion.Major,
            wish is null ? null : DatabaseLocale.Parse(wish),
            name => ServerLocales.HasAsync(server, name, cancellationToken)
        );

    /// <summary>Chooses.</summary>
    /// <param name="options">The source's options.</param>
    /// <param name="major">The server's major version.</param>
    /// <param name="wish">What the user wishes; null for nothing.</param>
    /// <param name="has">Tells whether the server's machine has a locale.</param>
    internal static async Task<LocaleChoice> MakeAsync(
        DatabaseOptions options,
        int major,
        DatabaseLocale? wish,
        Func<string, Task<bool>> has
    )
    {
        DatabaseLocale source = options.Locale;
        if (wish is null && source.Collate.Length == 0)
        {
            return new LocaleChoice(options.ToString(), null);
        }

        var server = new Server(major, options.Encoding, has);
        DatabaseLocale chosen = wish is null
            ? await server.LikeAsync(source).ConfigureAwait(false)
            : await server.RequireAsync(wish).ConfigureAwait(false);
        string made = options.With(chosen, namesProvider: major >= FirstWithProviders).ToString();
        return new LocaleChoice(made, Differs(source, chosen, major) ? Tell(source, chosen, isWish: wish is not null) : null);
    }

    private static bool Differs(DatabaseLocale source, DatabaseLocale chosen, int major) =>
        source.Provider != chosen.Provider ? source.Provider != DatabaseLocale.Builtin || source.Own != "C" || major >= FirstWithBuiltin
        : source.Own is not null || chosen.Own is not null ? source.Own != chosen.Own || source.Rules != chosen.Rules
        : !IsSame(source.Collate, chosen.Collate) || !IsSame(source.Ctype, chosen.Ctype);

    private static bool IsSame(string name, string other) =>
        string.Equals(name, other, StringComparison.Ordinal) || LocaleName.Parse(name).IsSpelled(other);

    private static string Tell(DatabaseLocale source, DatabaseLocale chosen, bool isWish)
    {
        string why = isWish ? "as -Locale asks" : "which the server lacks";
        string follows =
            IsUnicode(source) && IsUnicode(chosen) ? "Text has the same order."
            : IsUnicode(source) && chosen is { Provider: DatabaseLocale.Libc, Collate: "C" }
                ? "Text has the same order; which letters are small or capital the other locale says, to functions, indexes and checks."
            : "Text is ordered, and its letters are read, as that locale has them: indexes are built so, and what hangs on the order "
                + "(partitions by ranges of text, checks, unique indexes of lower()) is the server's.";
        return $"The database has the locale {chosen} here, in place of the source's {source}, {why}. {follows}";
    }

    private static bool IsUnicode(DatabaseLocale locale) =>
        locale.Provider == DatabaseLocale.Builtin
            ? locale.Own is not "C"
            : locale.Provider == DatabaseLocale.Libc
                && LocaleName.Parse(locale.Collate).IsUnicodeC
                && LocaleName.Parse(locale.Ctype).IsUnicodeC;

    /// <summary>A server, as far as it has locales.</summary>
    private sealed record Server(int Major, string Encoding, Func<string, Task<bool>> Has)
    {
        /// <summary>What means the same as the source's.</summary>
        public Task<DatabaseLocale> LikeAsync(DatabaseLocale source) =>
            source.Provider switch
            {
                DatabaseLocale.Icu => LikeIcuAsync(source),
                DatabaseLocale.Builtin => LikeBuiltinAsync(source),
                _ => LikeLibcAsync(source),
            };

        /// <summary>What the user wishes, which is not replaced by anything.</summary>
        public async Task<DatabaseLocale> RequireAsync(DatabaseLocale wish)
        {
            if (wish.Provider == DatabaseLocale.Libc && !await Has(wish.Collate).ConfigureAwait(false))
            {
                throw Lacks(wish, $"its machine has no locale of that name");
            }

            if (
                (wish.Provider == DatabaseLocale.Icu && Major < FirstWithProviders)
                || (wish.Provider == DatabaseLocale.Builtin && Major < FirstWithBuiltin)
            )
            {
                throw Lacks(wish, $"PostgreSQL {Major} has no provider {wish.Provider}");
            }

            return wish;
        }

        private async Task<DatabaseLocale> LikeIcuAsync(DatabaseLocale source)
        {
            if (Major < FirstWithProviders)
            {
                throw Lacks(source, $"PostgreSQL {Major} has no database of ICU");
            }

            if (source.Rules is not null && Major < FirstWithRules)
            {
                throw Lacks(source, $"PostgreSQL {Major} knows no rules of ICU");
            }

            // ICU gives order and letters; what the operating system's are hardly matters.
            return source with
            {
                Collate = await FindAsync(source.Collate).ConfigureAwait(false) ?? LocaleName.C,
                Ctype = await FindAsync(source.Ctype).ConfigureAwait(false) ?? LocaleName.C,
            };
        }

        private async Task<DatabaseLocale> LikeBuiltinAsync(DatabaseLocale source)
        {
            if (Major < FirstWithBuiltin)
            {
                string name = source.Own == "C" ? LocaleName.C : UnicodeC;
                return await LikeLibcAsync(new DatabaseLocale(DatabaseLocale.Libc, name, name)).ConfigureAwait(false);
            }

            return source with
            {
                Own = source.Own == "PG_UNICODE_FAST" && Major < FirstWithFastUnicode ? UnicodeC : source.Own,
                Collate = await FindAsync(source.Collate).ConfigureAwait(false) ?? LocaleName.C,
                Ctype = await FindAsync(source.Ctype).ConfigureAwait(false) ?? LocaleName.C,
            };
        }

        private async Task<DatabaseLocale> LikeLibcAsync(DatabaseLocale source)
        {
            string? collate = await FindAsync(source.Collate).ConfigureAwait(false);
            string? ctype = await FindAsync(source.Ctype).ConfigureAwait(false);
            bool isUnicode = LocaleName.Parse(source.Collate).IsUnicodeC && LocaleName.Parse(source.Ctype).IsUnicodeC;
            if ((collate is null || ctype is null) && isUnicode && Encoding == "UTF8" && Major >= FirstWithBuiltin)
            {
                return new DatabaseLocale(DatabaseLocale.Builtin, LocaleName.C, LocaleName.C) { Own = UnicodeC };
            }

            // The order of C.UTF-8 is that of the bytes, which every server has.
            collate ??= LocaleName.Parse(source.Collate).IsUnicodeC ? LocaleName.C : null;
            ctype ??= LocaleName.Parse(source.Ctype).IsUnicodeC ? await FindLettersAsync().ConfigureAwait(false) : null;
            return collate is not null && ctype is not null
                ? new DatabaseLocale(DatabaseLocale.Libc, collate, ctype)
                : throw Lacks(source, "its machine has no locale of that language");
        }

        private async Task<string> FindLettersAsync() =>
            await FirstAsync(Encoding == "UTF8" ? s_unicodeLetters : []).ConfigureAwait(false) ?? LocaleName.C;

        /// <summary>The locale under the name that the server has for it; null where it has none.</summary>
        private async Task<string?> FindAsync(string name)
        {
            var parsed = LocaleName.Parse(name);
            return parsed.IsC ? name : await FirstAsync([name, .. parsed.Others(Encoding)]).ConfigureAwait(false);
        }

        private async Task<string?> FirstAsync(IEnumerable<string> names)
        {
            foreach (string name in names)
            {
                if (await Has(name).ConfigureAwait(false))
                {
                    return name;
                }
            }

            return null;
        }

        private static CryoBackupException Lacks(DatabaseLocale locale, string why) =>
            new(
                CryoBackupError.ObjectNotFound,
                $"The server cannot make a database of the locale {locale}: {why}.",
                locale.ToString(),
                "Install it on the server's machine (Debian, Ubuntu: dpkg-reconfigure locales) and restart the server, or name one that it "
                    + "has with -Locale, for example C, de_DE.UTF-8 or icu:de-DE: text is then ordered by that one."
            );
    }
}
