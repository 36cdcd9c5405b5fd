# The scenarios that the predecessor only simulated (test-report.md of CryoProtect v2, 1.3 and 2.1 to 2.5), for real and as a plan.

BeforeAll {
    . $PSScriptRoot/TestSupport.ps1
    Clear-TestDatabase cryo_target
    $source = 'cryoprotect'
    $folder = Join-Path $TestDrive 'backups'
    $backup = New-CryoBackup $source -Path $folder
    $table = $backup.Tables | Where-Object Schema -EQ 'public' | Sort-Object Rows -Descending | Select-Object -First 1
    $id = '{0},CryoBackup.Commands.RestoreCryoBackupCommand'

    # Rows of every table, the same way for both databases.
    function Get-RowCount([string] $Database) {
        Invoke-Sql -Database $Database "
            SELECT format('%s.%s=%s', n.nspname, c.relname, (xpath('//n/text()', query_to_xml(format('SELECT count(*) AS n FROM ONLY %I.%I', n.nspname, c.relname), false, true, '')))[1])
            FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE c.relkind IN ('r', 'p') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' ORDER BY 1"
    }
}

Describe 'the predecessor''s scenarios' {
    AfterEach {
        Clear-TestDatabase cryo_target
    }

    Context 'with -PlanOnly, once --test-mode' {
        AfterEach {
            Test-Database cryo_target | Should -BeFalse
        }

        It '1.3: the latest backup' {
            $plan = Restore-CryoBackup $folder -Latest -Database $source -TargetDatabase cryo_target -Create -TestMode
            $plan.Status | Should -Be 'Planned'
            $plan.Path | Should -Be $backup.Path
            $plan.Tables.Count | Should -Be $backup.TableCount
        }

        It '2.1: a schema' {
            $plan = Restore-CryoBackup $backup.Path -TargetDatabase cryo_target -Create -Schema public -PlanOnly
            $plan.Tables.Schema | Select-Object -Unique | Should -Be 'public'
        }

        It '2.2: a table' {
            $plan = Restore-CryoBackup $backup.Path -TargetDatabase cryo_target -Create -Table "public.$($table.Name)" -PlanOnly
            $plan.Tables.Name | Should -Be $table.Name
        }

        It '2.4: a file that does not exist' {
            { Restore-CryoBackup "$folder/non_existent_backup.dump.gz" -TargetDatabase cryo_target -Create -PlanOnly -ErrorAction Stop } |
                Should -Throw -ErrorId ($id -f 'BackupNotFound')
        }

        It '2.5: a corrupt file' {
            $corrupt = Join-Path $TestDrive 'corrupt_backup.dump.gz'
            [System.IO.File]::WriteAllBytes($corrupt, [byte[]] (0xff, 0xfe) + [System.Text.Encoding]::Unicode.GetBytes('This is not a valid gzip file'))
            (Test-CryoBackup $corrupt).Verdict | Should -Be 'Failed'
            { Restore-CryoBackup $corrupt -TargetDatabase cryo_target -Create -PlanOnly -ErrorAction Stop } | Should -Throw -ErrorId ($id -f 'NotABackup')
        }
    }

    Context 'in reports, with the predecessor''s keys first' {
        BeforeAll {
            $reports = (New-Item -ItemType Directory -Path (Join-Path $TestDrive 'reports')).FullName
            $missing = Join-Path $folder 'non_existent_backup.dump.gz'
            $corrupt = Join-Path $TestDrive 'corrupt_backup.dump.gz'
            [System.IO.File]::WriteAllBytes($corrupt, [byte[]] (0xff, 0xfe) + [System.Text.Encoding]::Unicode.GetBytes('This is not a valid gzip file'))

            # The report that a command writes; its schema is the shipped one.
            function Get-Report([scriptblock] $Command) {
                $before = @(Get-ChildItem -Path $reports -Filter *.json | ForEach-Object FullName)
                $null = & $Command
                $file = Get-ChildItem -Path $reports -Filter *.json | Where-Object FullName -NotIn $before
                $schema = Join-Path (Split-Path -Path $ModulePath) "schemas/$($file.Name.Split('_')[0])-report.schema.json"
                Test-Json -LiteralPath $file.FullName -SchemaFile $schema | Should -BeTrue
                Get-Content -LiteralPath $file.FullName -Raw | ConvertFrom-Json
            }
        }

        It '1.2, 2.4 and 2.5: a good, a missing and a corrupt backup are verified' {
            $report = Get-Report { Test-CryoBackup $backup.Path, $missing, $corrupt -ReportPath $reports }
            $report.PSObject.Properties.Name | Select-Object -First 5 | Should -Be 'timestamp', 'verified_backups', 'total_backups', 'passed', 'failed'
            $report.total_backups, $report.passed, $report.failed | Should -Be 3, 1, 2
            foreach ($one in $report.verified_backups) {
                $one.PSObject.Properties.Name | Select-Object -First 6 | Should -Be 'file', 'path', 'timestamp', 'checks', 'hash', 'status'
            }

            $report.verified_backups.status | Should -Be 'passed', 'failed', 'failed'
            $report.verified_backups.file | Should -Be (Split-Path -Path $backup.Path -Leaf), 'non_existent_backup.dump.gz', 'corrupt_backup.dump.gz'
            $report.verified_backups[0].hash | Should -Be (Get-FileHash -LiteralPath $backup.Path).Hash
            $good, $none, $bad = $report.verified_backups.checks
            $good.file_integrity, $good.backup_format, $good.metadata, $good.hash_calculation | Should -Be $true, $true, $true, $true
            $none.file_integrity, $none.backup_format, $none.metadata, $none.hash_calculation | Should -Be $false, $false, $false, $false
            $bad.file_integrity, $bad.backup_format, $bad.metadata, $bad.hash_calculation | Should -Be $true, $false, $false, $true
        }

        It '1.3, 2.4 and 2.5: a restore is planned, and two fail' {
            foreach ($case in @{ Path = $backup.Path; Good = $true }, @{ Path = $missing; Good = $false }, @{ Path = $corrupt; Good = $false }) {
                $report = Get-Report {
                    Restore-CryoBackup $case.Path -TargetDatabase cryo_target -Create -NoOwner -PlanOnly -ReportPath $reports -ErrorAction SilentlyContinue
                }
                $report.PSObject.Properties.Name | Select-Object -First 4 | Should -Be 'timestamp', 'backup_file', 'restore_options', 'success'
                $report.backup_file | Should -Be $case.Path
                $report.success | Should -Be $case.Good
                $options = $report.restore_options
                $options.PSObject.Properties.Name | Select-Object -First 6 | Should -Be 'clean', 'create', 'no_owner', 'no_privileges', 'schema', 'table'
                $options.clean, $options.create, $options.no_owner, $options.no_privileges | Should -Be $false, $true, $true, $false
            }

            Test-Database cryo_target | Should -BeFalse
        }
    }

    It '2.3: with -Clean and -PlanOnly nothing changes' {
        Invoke-Sql "CREATE DATABASE cryo_target TEMPLATE ""$source"""
        Invoke-Sql -Database cryo_target "TRUNCATE public.""$($table.Name)"" CASCADE"
        $before = Get-RowCount cryo_target
        $plan = Restore-CryoBackup $backup.Path -TargetDatabase cryo_target -Clean -PlanOnly
        $plan.Mode | Should -Be 'Clean'
        Get-RowCount cryo_target | Should -Be $before
    }

    It '1.3: restores the latest backup' {
        $result = Restore-CryoBackup $folder -Latest -Database $source -TargetDatabase cryo_target -Create
        $result.Status | Should -Be 'Restored'
        $result.Tables.Matches | Should -Not -Contain $false
        Get-RowCount cryo_target | Should -Be (Get-RowCount $source)
    }

    It '2.1: restores a schema, as it was planned' {
        $plan = Restore-CryoBackup $backup.Path -TargetDatabase cryo_target -Create -Schema public -PlanOnly
        $result = Restore-CryoBackup $backup.Path -TargetDatabase cryo_target -Create -Schema public
        $result.Objects | Should -Be $plan.Objects
        Get-RowCount cryo_target | Should -Be (@(Get-RowCount $source) -like 'public.*')
    }

    It '2.2: restores a table with its indexes, as it was planned' {
        $plan = Restore-CryoBackup $backup.Path -TargetDatabase cryo_target -Create -Table "public.$($table.Name)" -PlanOnly
        $result = Restore-CryoBackup $backup.Path -TargetDatabase cryo_target -Create -Table "public.$($table.Name)"
        $result.Objects | Should -Be $plan.Objects
        $result.Tables.FoundRows | Should -Be $table.Rows
        $indexes = "SELECT indexname FROM pg_indexes WHERE schemaname = 'public' AND tablename = '$($table.Name)' ORDER BY 1"
        Invoke-Sql -Database cryo_target $indexes | Should -Be (Invoke-Sql -Database $source $indexes)
    }

    It '2.3: restores with -Clean over what is there, without doubling a row' {
        Invoke-Sql "CREATE DATABASE cryo_target TEMPLATE ""$source"""
        Invoke-Sql -Database cryo_target "TRUNCATE public.""$($table.Name)"" CASCADE"
        (Restore-CryoBackup $backup.Path -TargetDatabase cryo_target -Clean -Force).Status | Should -Be 'Restored'
        Get-RowCount cryo_target | Should -Be (Get-RowCount $source)
    }

    It '2.4 and 2.5: neither a missing nor a corrupt file touches the target' {
        Invoke-Sql "CREATE DATABASE cryo_target TEMPLATE ""$source"""
        $before = Get-RowCount cryo_target
        $corrupt = Copy-Backup $backup (Join-Path $TestDrive 'corrupt')
        Edit-OneByte $corrupt
        { Restore-CryoBackup "$folder/non_existent_backup.dump.gz" -TargetDatabase cryo_target -Clean -Force -ErrorAction Stop } | Should -Throw -ErrorId ($id -f 'BackupNotFound')
        { Restore-CryoBackup $corrupt -TargetDatabase cryo_target -Clean -Force -ErrorAction Stop } | Should -Throw -ErrorId ($id -f 'HashMismatch')
        Get-RowCount cryo_target | Should -Be $before
    }

    It 'restores without verification only with -Force, and missing roles with -IncludeGlobals' {
        { Restore-CryoBackup $backup.Path -TargetDatabase cryo_target -Create -SkipVerification -ErrorAction Stop } | Should -Throw -ErrorId ($id -f 'ConfigurationInvalid')
        $result = Restore-CryoBackup $backup.Path -TargetDatabase cryo_target -Create -SkipVerification -Force -WarningAction SilentlyContinue
        $result.Tables.Matches | Should -Not -Contain $false
        $result.Warnings | Should -Match 'not verified'
        { Restore-CryoBackup $backup.Path -TargetDatabase cryo_globals -Create -IncludeGlobals -ErrorAction Stop } | Should -Throw -ErrorId ($id -f 'BackupNotFound')
    }
}
