using CryoBackup.Text;

namespace CryoBackup.Archive;

/// <summary>An archive's COPY table (columns) FROM stdin; taken apart as the server would read it, for it is a stranger's text.</summary>
/// <param name="Table">The table, with its schema, quoted as it was.</param>
/// <param name="Columns">The columns, quoted and separated as they were; empty where none are named.</param>
internal sealed record CopyStatement(string Table, string Columns)
{
    /// <summary>Takes one apart.</summary>
    /// <param name="sql">The statement.</param>
    /// <exception cref="CryoBackupException">ArchiveCorrupt: it is anything else, in whatever part.</exception>
    public static CopyStatement Parse(string sql)
    {
        List<SqlToken> tokens = [.. SqlLexer.Read(sql)];
        int at = 0;
        bool Next(string word) => at < tokens.Count && tokens[at].Is(word) && at++ >= 0;
        bool NextName() => at < tokens.Count && tokens[at].IsName && at++ >= 0;

        if (Next("COPY") && NextName() && (!Next(".") || NextName()))
        {
            string table = sql[tokens[1].Start..tokens[at - 1].End];
            string columns = "";
            if (Next("("))
            {
                int first = at;
                bool names = NextName();
                while (names && Next(","))
                {
                    names = NextName();
                }

                int last = at - 1;
                at = names && Next(")") ? at : tokens.Count;
                columns = names ? sql[tokens[first].Start..tokens[last].End] : "";
            }

            if (Next("FROM") && Next("stdin") && Next(";") && at == tokens.Count)
            {
                return new CopyStatement(table, columns);
            }
        }

        string shown = ArchiveInput.Shorten(sql.Trim());
        throw new CryoBackupException(
            CryoBackupError.ArchiveCorrupt,
            $"The archive's statement \"{shown}\" is not a COPY … FROM stdin;",
            shown
        );
    }
}
