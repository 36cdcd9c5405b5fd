using CryoBackup.Archive;

namespace CryoBackup.Tests.Restore;

/// <summary>Tables of contents without a server: entries as pg_dump orders and names them.</summary>
internal static class Toc
{
    /// <summary>An entry of the schema public.</summary>
    /// <param name="id">The dump ID, and what catalogs would know it by.</param>
    /// <param name="kind">pg_dump's name of its kind.</param>
    /// <param name="name">Its name, of a part with the relation's before it.</param>
    /// <param name="needs">The dump IDs that it depends on.</param>
    public static TocEntry Entry(int id, string kind, string name, params int[] needs) => InSchema("public", id, kind, name, "", needs);

    /// <summary>An entry with a definition.</summary>
    public static TocEntry Defined(int id, string kind, string name, string definition, params int[] needs) =>
        InSchema("public", id, kind, name, definition, needs);

    /// <summary>An entry of any schema, or of none.</summary>
    public static TocEntry InSchema(string schema, int id, string kind, string name, string definition = "", params int[] needs) =>
        new()
        {
            DumpId = id,
            CatalogOid = (uint)id,
            Oid = (uint)id,
            Kind = kind,
            Name = name,
            Schema = schema,
            Owner = "postgres",
            Definition = definition,
            Section = kind switch
            {
                "TABLE DATA" or "SEQUENCE SET" or "BLOBS" or "STATISTICS DATA" => TocSection.Data,
                "INDEX" or "CONSTRAINT" or "FK CONSTRAINT" or "TRIGGER" or "RULE" or "MATERIALIZED VIEW DATA" => TocSection.PostData,
                _ => TocSection.PreData,
            },
            Dependencies = needs,
            HasData = kind is "TABLE DATA" or "BLOBS",
        };
}
