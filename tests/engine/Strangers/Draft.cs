using CryoBackup.Tests.Strangers.Chapters;

namespace CryoBackup.Tests.Strangers;

/// <summary>A column of a drafted table.</summary>
internal sealed record DraftColumn(string Name, DraftType Type)
{
    /// <summary>True if a value may be given for it.</summary>
    public bool IsWritable { get; init; } = true;
}

/// <summary>A drafted table, whose name is qualified and quoted.</summary>
internal sealed record DraftTable(string Name, List<DraftColumn> Columns)
{
    /// <summary>The columns of its primary key; empty for none.</summary>
    public string[] Key { get; set; } = [];

    /// <summary>The columns by which it is partitioned; empty where it is not.</summary>
    public string[] PartitionKey { get; init; } = [];

    public bool IsPartitioned => PartitionKey.Length > 0;

    /// <summary>True for a partition or an inheriting table, which shares what its parent has.</summary>
    public bool IsChild { get; init; }
}

/// <summary>A drafted function with its arguments' types, as GRANT and COMMENT name it.</summary>
internal sealed record DraftFunction(string Signature, string Name, string Kind = "FUNCTION");

/// <summary>A database as it is written, statement by statement. A statement that the server refuses is left out by who loads it.</summary>
internal sealed class Draft
{
    /// <summary>The roles that own and use it; they are there before it.</summary>
    public static readonly string[] Roles = ["stranger_owner", "stranger_app", "stranger_reader", "Stränger's \"Role\""];

    public Draft(int seed, int major)
    {
        Major = major;
        Dice = new Dice(seed);
        Words = new Words(Dice);
        Types = BuiltInTypes.All(Dice, Words, major);
        IsOrdinary = Dice.Chance(40);
    }

    public int Major { get; }
    public Dice Dice { get; }
    public Words Words { get; }

    /// <summary>True if nothing is in it that only a superuser may create.</summary>
    public bool IsOrdinary { get; }

    public List<string> Statements { get; } = [];
    public List<string> Schemas { get; } = [];
    public List<DraftType> Types { get; }
    public List<DraftTable> Tables { get; } = [];
    public List<DraftFunction> Functions { get; } = [];
    public List<string> Views { get; } = [];
    public List<string> MaterializedViews { get; } = [];
    public List<string> Sequences { get; } = [];
    public List<string> OwnTypes { get; } = [];
    public List<string> Collations { get; } = ["\"C\"", "\"POSIX\""];

    /// <summary>Immutable functions of one argument and result of the same type, by that type.</summary>
    public List<(string Type, string Function)> Calculations { get; } = [];

    public void Say(string statement) => Statements.Add(statement);

    public string Schema() => Dice.Pick(Schemas);

    /// <summary>A new name in some schema, qualified and quoted.</summary>
    public string Name(int oddPercent = 12) => $"{Schema()}.{Words.Name(oddPercent)}";

    public string Role() => Words.Quote(Dice.Pick(Roles));

    public DraftType Type() => Dice.Pick(Types);

    public DraftType OrderedType() => Dice.Pick([.. Types.Where(type => type.IsOrdered)]);

    /// <summary>A table that has columns of a kind, with one of them; null where there is none.</summary>
    public (DraftTable Table, DraftColumn Column)? Column(Func<DraftTable, DraftColumn, bool> fits)
    {
        (DraftTable, DraftColumn)[] all =
        [
            .. Tables.SelectMany(table => table.Columns.Where(column => fits(table, column)).Select(column => (table, column))),
        ];
        return all.Length == 0 ? null : Dice.Pick(all);
    }

    /// <summary>Writes a whole database.</summary>
    /// <param name="seed">Decides everything.</param>
    /// <param name="major">The server's major version.</param>
    public static Draft Write(int seed, int major)
    {
        var draft = new Draft(seed, major);
        SchemaChapter.Write(draft);
        TypeChapter.Write(draft);
        FunctionChapter.WriteCalculations(draft);
        TableChapter.Write(draft);
        PartitionChapter.Write(draft);
        RowChapter.Write(draft);
        ConstraintChapter.Write(draft);
        IndexChapter.Write(draft);
        RowChapter.WriteMore(draft);
        ViewChapter.Write(draft);
        FunctionChapter.WriteOfTables(draft);
        TriggerChapter.Write(draft);
        ElseChapter.Write(draft);
        AccessChapter.Write(draft);
        RemarkChapter.Write(draft);
        return draft;
    }
}
