using CryoBackup.Archive;
using CryoBackup.Comparison;
using CryoBackup.Restore.Selection;
using static CryoBackup.Tests.Restore.Select;
using static CryoBackup.Tests.Restore.Toc;

namespace CryoBackup.Tests.Restore;

/// <summary>What belongs to a choice, rule by rule, on tables of contents of a few entries.</summary>
public sealed class SelectionOfEntriesTests
{
    private const string FromNoRows = "it would be computed from no rows: of ";

    private static readonly TocEntry[] OrdersAndCustomers =
    [
        Entry(1, "FUNCTION", "touch()"),
        Entry(2, "TYPE", "mood"),
        Entry(3, "TABLE", "customer"),
        Entry(4, "TABLE", "orders", 2),
        Entry(5, "SEQUENCE", "orders_id_seq"),
        Entry(6, "SEQUENCE OWNED BY", "orders_id_seq", 5, 4),
        Entry(7, "DEFAULT", "orders id", 5, 4),
        Entry(8, "COMMENT", "TABLE orders", 4),
        Entry(9, "ACL", "TABLE orders", 4),
        Entry(20, "TABLE DATA", "customer", 3),
        Entry(21, "TABLE DATA", "orders", 4),
        Entry(22, "SEQUENCE SET", "orders_id_seq", 5),
        Entry(30, "CONSTRAINT", "customer customer_pkey", 3),
        Entry(31, "CONSTRAINT", "orders orders_pkey", 4),
        Entry(32, "INDEX", "orders_note_idx", 4),
        Entry(33, "TRIGGER", "orders touched", 4, 1),
        Entry(34, "FK CONSTRAINT", "orders orders_customer_fkey", 30, 4, 3),
    ];

    [Fact]
    public void ATableComesWithAllThatBelongsToIt()
    {
        RestoreSelection selection = Tables(OrdersAndCustomers, "orders");
        Assert.Equal([1, 2, 4, 5, 6, 7, 8, 9, 21, 22, 31, 32, 33], Ids(selection));
        Assert.Equal(
            ["FK CONSTRAINT public.orders orders_customer_fkey: it needs CONSTRAINT public.customer customer_pkey, which was not chosen"],
            LeftOut(selection)
        );
    }

    [Fact]
    public void AForeignKeyComesWithBothOfItsTables()
    {
        RestoreSelection selection = Tables(OrdersAndCustomers, "orders", "customer");
        Assert.Equal(OrdersAndCustomers.Select(entry => entry.DumpId), Ids(selection));
        Assert.Empty(selection.LeftOut);
    }

    [Fact]
    public void WhatTheTargetHasStaysThereAndServes()
    {
        RestoreSelection selection = Of(
            OrdersAndCustomers,
            [],
            ["orders"],
            Has(OrdersAndCustomers[2], OrdersAndCustomers[0], OrdersAndCustomers[12])
        );
        Assert.Equal([2, 4, 5, 6, 7, 8, 9, 21, 22, 31, 32, 33, 34], Ids(selection));
        Assert.Equal(
            [
                "CONSTRAINT public.customer customer_pkey: the target has it, and it is left as it is there",
                "FUNCTION public.touch(): the target has it, and it is left as it is there",
                "TABLE public.customer: the target has it, and it is left as it is there",
            ],
            LeftOut(selection).Order(StringComparer.Ordinal)
        );

        // What was chosen is restored whatever the target has.
        Assert.Contains(3, Ids(Of(OrdersAndCustomers, [], ["customer"], Has(OrdersAndCustomers[2]))));
    }

    [Fact]
    public void OnlyWhatWasChosenComesWithRows()
    {
        TocEntry[] entries =
        [
            Entry(1, "TABLE", "item"),
            Entry(2, "TABLE", "sold"),
            Entry(3, "VIEW", "items", 1),
            Entry(10, "TABLE DATA", "item", 1),
            Entry(11, "TABLE DATA", "sold", 2),
            Entry(12, "STATISTICS DATA", "item", 1),
            Entry(20, "CONSTRAINT", "item item_pkey", 1),
            Entry(21, "FK CONSTRAINT", "sold sold_item_fkey", 20, 2, 1),
        ];
        RestoreSelection selection = Tables(entries, "items", "sold");
        Assert.Equal([1, 2, 3, 11, 20], Ids(selection));
        Assert.Equal(
            [
                "TABLE DATA public.item: only its definition is needed, by what was chosen",
                "STATISTICS DATA public.item: only its definition is needed, by what was chosen",
                "FK CONSTRAINT public.sold sold_item_fkey: it refers to rows of TABLE public.item, of which only the definition is restored",
            ],
            LeftOut(selection)
        );
    }

    [Fact]
    public void AKeyOfATableThatHasNoRowsMayReferToOneThatHasNone()
    {
        TocEntry[] entries =
        [
            Entry(1, "TABLE", "item"),
            Entry(2, "TABLE", "sold"),
            Entry(3, "VIEW", "both", 1, 2),
            Entry(21, "FK CONSTRAINT", "sold sold_item_fkey", 2, 1),
        ];
        Assert.Equal([1, 2, 3, 21], Ids(Tables(entries, "both")));
    }

    [Fact]
    public void AMaterializedViewIsFilledWhereItWasChosenAndItsTablesHaveTheirRows()
    {
        TocEntry[] entries =
        [
            Entry(1, "TABLE", "item"),
            Entry(2, "VIEW", "items", 1),
            Entry(3, "MATERIALIZED VIEW", "counted", 2),
            Entry(4, "MATERIALIZED VIEW", "again", 3),
            Entry(5, "VIEW", "shown", 3),
            Entry(10, "TABLE DATA", "item", 1),
            Entry(20, "MATERIALIZED VIEW DATA", "counted", 3, 10),
            Entry(21, "MATERIALIZED VIEW DATA", "again", 4, 20),
        ];
        Assert.Equal([1, 2, 3, 4, 5, 10, 20, 21], Ids(Tables(entries, "*")));

        RestoreSelection alone = Tables(entries, "counted");
        Assert.Equal([1, 2, 3], Ids(alone));
        string why =
            FromNoRows
            + "TABLE public.item only the definition is restored; choose it too, or REFRESH MATERIALIZED VIEW once it has its rows";
        Assert.Equal(
            ["TABLE DATA public.item: only its definition is needed, by what was chosen", $"MATERIALIZED VIEW DATA public.counted: {why}"],
            LeftOut(alone)
        );
        Assert.Equal([20], alone.Unpopulated.Select(item => item.Entry.DumpId));

        // With its rows, but needed by a view alone: it stays unfilled, and that is no fault of rows.
        RestoreSelection needed = Tables(entries, "shown", "item");
        Assert.Equal([1, 2, 3, 5, 10], Ids(needed));
        Assert.Equal(["MATERIALIZED VIEW DATA public.counted: only its definition is needed, by what was chosen"], LeftOut(needed));
        Assert.Empty(needed.Unpopulated);

        // What reads the unfilled one has no rows either.
        Assert.Equal([21], Tables(entries, "again", "item").Unpopulated.Select(item => item.Entry.DumpId));

        // The rows that the target has serve.
        RestoreSelection there = Of(entries, [], ["counted"], Has(entries[0]));
        Assert.Equal([2, 3, 20], Ids(there).Where(id => id != 10));
    }

    [Fact]
    public void AViewThatStandsInForItselfComesWithItsRule()
    {
        TocEntry[] entries =
        [
            Entry(1, "TABLE", "item"),
            Entry(2, "VIEW", "items"),
            Entry(3, "MATERIALIZED VIEW", "counted", 2),
            Entry(10, "TABLE DATA", "item", 1),
            Entry(20, "RULE", "items _RETURN", 2, 1),
            Entry(21, "RULE", "items deleted", 2, 1),
            Entry(22, "MATERIALIZED VIEW DATA", "counted", 3),
        ];
        RestoreSelection selection = Tables(entries, "counted");
        Assert.Equal([1, 2, 3, 20, 21], Ids(selection));
        Assert.Equal([22], selection.Unpopulated.Select(item => item.Entry.DumpId));
        Assert.Contains(22, Ids(Tables(entries, "counted", "item")));
    }

    [Fact]
    public void APartitionedTableComesWithItsPartitionsAndTheirIndexes()
    {
        TocEntry[] entries =
        [
            Entry(1, "TABLE", "log"),
            Entry(2, "TABLE", "log_1"),
            Entry(3, "TABLE", "log_2"),
            Entry(4, "TABLE", "log_2a"),
            Entry(5, "TABLE ATTACH", "log_1", 2, 1),
            Entry(6, "TABLE ATTACH", "log_2", 3, 1),
            Entry(7, "TABLE ATTACH", "log_2a", 4, 3),
            Entry(10, "TABLE DATA", "log_1", 2),
            Entry(11, "TABLE DATA", "log_2a", 4),
            Entry(20, "INDEX", "log_at_idx", 1),
            Entry(21, "INDEX", "log_1_at_idx", 2),
            Entry(22, "INDEX ATTACH", "log_1_at_idx", 20, 21),
        ];
        Assert.Equal(entries.Select(entry => entry.DumpId), Ids(Tables(entries, "log")));

        // A partition alone is a table of its own.
        RestoreSelection alone = Tables(entries, "log_2");
        Assert.Equal([3, 4, 7, 11], Ids(alone));
        Assert.Equal(["TABLE ATTACH public.log_2: it needs TABLE public.log, which was not chosen"], LeftOut(alone));
        Assert.Equal(
            [
                "TABLE ATTACH public.log_1: it needs TABLE public.log, which was not chosen",
                "INDEX ATTACH public.log_1_at_idx: it needs INDEX public.log_at_idx, which was not chosen",
            ],
            LeftOut(Tables(entries, "log_1"))
        );
    }

    [Fact]
    public void PartitionsThatTheirOwnDefinitionAttachesAreChosenToo()
    {
        TocEntry[] entries =
        [
            Defined(1, "TABLE", "log", "CREATE TABLE public.log (at date) PARTITION BY RANGE (at);\n"),
            Defined(
                2,
                "TABLE",
                "log_1",
                "CREATE TABLE public.log_1 (at date);\nALTER TABLE ONLY public.log ATTACH PARTITION public.log_1 DEFAULT;\n",
                1
            ),
            Entry(10, "TABLE DATA", "log_1", 2),
        ];
        Assert.Equal([1, 2, 10], Ids(Tables(entries, "log")));
    }

    [Fact]
    public void RowsAndDefinitionsCanBeHadAlone()
    {
        var all = RestoreSelection.All([.. OrdersAndCustomers, InSchema("", 90, "ENCODING", "ENCODING")]);
        Assert.Equal(OrdersAndCustomers.Select(entry => entry.DumpId), Ids(all));
        Assert.Equal([20, 21, 22], Ids(all.Only(schemaOnly: false, dataOnly: true)));
        Assert.Equal(Ids(all).Except([20, 21, 22]), Ids(all.Only(schemaOnly: true, dataOnly: false)));
        Assert.Equal(Ids(all), Ids(all.Only(schemaOnly: false, dataOnly: false)));

        // What is left out of the one is not told of in the other.
        RestoreSelection orders = Tables(OrdersAndCustomers, "orders");
        Assert.Single(orders.Only(schemaOnly: true, dataOnly: false).LeftOut);
        Assert.Empty(orders.Only(schemaOnly: false, dataOnly: true).LeftOut);
    }

    [Fact]
    public void ANameThatMeansNothingOrMuchIsRefused()
    {
        TocEntry[] entries = [.. OrdersAndCustomers, InSchema("old", 50, "TABLE", "orders"), InSchema("", 51, "SCHEMA", "old")];
        CryoBackupException e = Assert.Throws<CryoBackupException>(() => Tables(entries, "order"));
        Assert.Equal(CryoBackupError.ObjectNotFound, e.Error);
        Assert.Contains("No table in the backup is named 'order'", e.Message, StringComparison.Ordinal);
        Assert.Contains("public.orders", e.Remedy, StringComparison.Ordinal);
        Assert.DoesNotContain("customer", e.Remedy, StringComparison.Ordinal);

        e = Assert.Throws<CryoBackupException>(() => Tables(entries, "orders"));
        Assert.Equal(CryoBackupError.ObjectNotFound, e.Error);
        Assert.Contains("'orders' means 2 objects of the backup: public.orders, old.orders;", e.Message, StringComparison.Ordinal);
        Assert.Equal([4, 50], Ids(Tables(entries, "order?")).Where(id => id is 4 or 50));

        e = Assert.Throws<CryoBackupException>(() => Of(entries, ["olds"], [], TargetContent.Nothing));
        Assert.Contains("No schema in the backup is named 'olds'", e.Message, StringComparison.Ordinal);
        Assert.Contains("old", e.Remedy, StringComparison.Ordinal);
        Assert.Empty(Of([InSchema("", 1, "SCHEMA", "app")], ["public"], [], TargetContent.Nothing).Entries);
    }
}
