using CryoBackup.Archive;
using CryoBackup.Restore.Selection;

namespace CryoBackup.Tests.Restore;

/// <summary>Roles are found whatever the names beside them hold: line breaks, words of SQL, quotes.</summary>
public class RoleNamesTests
{
    [Theory]
    [InlineData("ACL", "GRANT SELECT,TRIGGER ON TABLE public.\"line\nbreak\" TO app;\n", "app")]
    [InlineData("ACL", "REVOKE ALL ON TABLE public.\"x TO y; --\" FROM \"line\nbreak\";\n", "line\nbreak")]
    [InlineData("ACL", "GRANT SELECT(\"a TO b\") ON TABLE t TO app WITH GRANT OPTION;\n", "app")]
    [InlineData("ACL", "GRANT ALL ON TABLE t TO PUBLIC;\nGRANT ALL ON TABLE t TO \"PUBLIC\";\n", "PUBLIC")]
    [InlineData("ACL", "REVOKE GRANT OPTION FOR ALL ON SCHEMA s FROM one;\nGRANT ALL ON SCHEMA s TO two;\n", "one|two")]
    [InlineData("ACL", "SET SESSION AUTHORIZATION \"x\"\"y\";\nGRANT USAGE ON TYPE s.t TO PUBLIC;\nRESET SESSION AUTHORIZATION;\n", "x\"y")]
    [InlineData("DEFAULT ACL", "ALTER DEFAULT PRIVILEGES FOR ROLE owner IN SCHEMA \"a\nb\" GRANT SELECT ON TABLES  TO app;\n", "app|owner")]
    [InlineData("POLICY", "CREATE POLICY \"p TO q\" ON s.\"line\nbreak\" FOR SELECT TO a, \"b, c\", PUBLIC USING ((x TO y));\n", "a|b, c")]
    [InlineData("POLICY", "CREATE POLICY p ON s.t USING (true);\n", "")]
    [InlineData("USER MAPPING", "CREATE USER MAPPING FOR \"a\nb\" SERVER s OPTIONS (\n    \"user\" 'x'\n);\n", "a\nb")]
    [InlineData("DATABASE PROPERTIES", "ALTER DATABASE d SET x TO 'y';\nALTER ROLE \"a\nb\" IN DATABASE \"c\nd\" SET x TO 'z';\n", "a\nb")]
    [InlineData("TABLE", "GRANT ALL ON TABLE t TO app;", "")]
    [InlineData("ACL", "GRANT ALL ON TABLE t TO \"", "")]
    [InlineData("ACL", "GRANT ALL ON TABLE t TO", "")]
    public void AreFound(string kind, string definition, string expected) =>
        Assert.Equal(
            expected.Length == 0 ? [] : expected.Split('|'),
            RoleNames
                .Of([new TocEntry { Kind = kind, Definition = definition }], noOwner: false, noPrivileges: false)
                .Where(static name => name.Length > 0)
        );

    [Fact]
    public void PrivilegesAndOwnersCanBeLeftOut()
    {
        TocEntry[] entries =
        [
            new() { Kind = "TABLE", Owner = "owner" },
            new() { Kind = "ACL", Definition = "GRANT ALL ON TABLE t TO app;" },
        ];
        Assert.Equal(["app", "owner"], RoleNames.Of(entries, noOwner: false, noPrivileges: false));
        Assert.Equal(["app"], RoleNames.Of(entries, noOwner: true, noPrivileges: false));
        Assert.Equal(["owner"], RoleNames.Of(entries, noOwner: false, noPrivileges: true));
    }
}
