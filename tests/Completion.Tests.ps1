BeforeAll {
    . $PSScriptRoot/TestSupport.ps1
    Initialize-TestDatabase cryo_complete
    Invoke-Sql "CREATE DATABASE ""cryo_complete's two"" TEMPLATE template0"
    $folder = Join-Path $TestDrive 'backups'
    $backup = New-CryoBackup cryo_complete -Path $folder
    $null = New-CryoBackup postgres -Path $folder

    function Complete([string] $Line) {
        (TabExpansion2 -inputScript $Line -cursorColumn $Line.Length).CompletionMatches
    }
}

AfterAll {
    Clear-TestDatabase cryo_complete
    Clear-TestDatabase "cryo_complete's two"
}

Describe 'Completion' {
    It 'asks the server for the names of databases, and quotes them' {
        Complete 'New-CryoBackup cryo_complete' | ForEach-Object CompletionText | Should -Be @('cryo_complete', "'cryo_complete''s two'")
        Complete "Restore-CryoBackup x -TargetDatabase 'cryo_complete'" | ForEach-Object ListItemText | Should -Contain 'cryo_complete'
    }

    It 'asks the server that the line names' {
        Complete "New-CryoBackup -ComputerName $env:PGHOST -Port $env:PGPORT -Database cryo_complete" | ForEach-Object CompletionText | Should -Contain 'cryo_complete'
        Complete "New-CryoBackup -ComputerName $env:PGHOST -Port $env:PGPORT -SslMode Prefer -Database cryo_complete" | ForEach-Object CompletionText | Should -Contain 'cryo_complete'
        Complete 'New-CryoBackup -ComputerName 127.0.0.1 -Port 1 -Database cryo_complete' | Should -BeNullOrEmpty
    }

    It 'does not wait for a server that says nothing' {
        $silent = [System.Net.Sockets.TcpListener]::new([System.Net.IPAddress]::Loopback, 0)
        $silent.Start()
        try {
            Complete "New-CryoBackup -ComputerName 127.0.0.1 -Port $($silent.LocalEndpoint.Port) -Database cryo_complete" | Should -BeNullOrEmpty
        }
        finally {
            $silent.Stop()
        }
    }

    It 'offers the locales that servers have everywhere' {
        Complete 'Restore-CryoBackup x -TargetDatabase x -Create -Locale ' | ForEach-Object CompletionText | Should -Be @('C', "'C.UTF-8'", "'builtin:C.UTF-8'", "'icu:und'")
        Complete 'Test-CryoBackup x -Locale ic' | ForEach-Object ListItemText | Should -Be 'icu:und'
    }

    It 'takes schemas, tables and databases from the backups' {
        Complete "Restore-CryoBackup '$($backup.Path)' -TargetDatabase x -Schema pu" | ForEach-Object CompletionText | Should -Be 'public'
        $tables = $backup.Tables | ForEach-Object { "$($_.Schema).$($_.Name)" } | Sort-Object -CaseSensitive
        Complete "Restore-CryoBackup '$($backup.Path)' -TargetDatabase x -Table " | ForEach-Object CompletionText | Should -Be $tables
        Complete "Restore-CryoBackup '$folder' -Latest -Database cryo_complete -TargetDatabase x -Table public." | ForEach-Object CompletionText | Should -Be @($tables -like 'public.*')
        Complete "Restore-CryoBackup '$folder' -Latest -Database " | ForEach-Object CompletionText | Should -Be @('cryo_complete', 'postgres')
        Complete "Test-CryoBackup '$folder' -Sample 2" | ForEach-Object ListItemText | Should -Be '25%'
        Complete "Get-CryoBackup '$folder' -Database cry" | ForEach-Object CompletionText | Should -Be 'cryo_complete'
        Complete "Get-CryoBackup '$folder' -Server " | ForEach-Object ListItemText | Should -Be $backup.ComputerName
    }

    It 'is silent where there is nothing to take from' {
        $before = $Error.Count
        Complete "Restore-CryoBackup '$folder/none' -TargetDatabase x -Schema nothing_like" | ForEach-Object CompletionText | Should -BeNullOrEmpty
        Complete "Restore-CryoBackup Env:PATH -TargetDatabase x -Schema nothing_like" | ForEach-Object CompletionText | Should -BeNullOrEmpty
        $Error.Count | Should -Be $before
    }

    Context 'of -Path' {
        BeforeAll {
            $project = (New-Item -ItemType Directory -Path (Join-Path $TestDrive 'project')).FullName
            $null = New-Item -ItemType Directory -Path (Join-Path $project 'config')
            Set-Content -LiteralPath (Join-Path $project 'config/cryobackup.yaml') -Value 'local_backup_dir: kept [here]'
            Set-Content -LiteralPath (Join-Path $project 'notes.txt') -Value ''
            $kept = Join-Path $project 'kept [here]'
            $older = New-CryoBackup cryo_complete -Path $kept
            Start-Sleep -Seconds 1
            $newer = New-CryoBackup postgres -Path $kept
            $offered = $newer, $older | ForEach-Object { "'./kept ``[here``]/$(Split-Path $_.Path -Leaf)'" }
            Push-Location -LiteralPath $project
        }

        AfterAll {
            Pop-Location
        }

        It 'offers the stores of the configuration, and asks nobody' {
            $other = Join-Path $TestDrive 'stores.yaml'
            Set-Content -LiteralPath $other -Value "local_backup_dir: s3://no-such-bucket/kept`ncopies: ['azblob://account/container/copies']"
            (Complete "Get-CryoBackup -Config '$other' -Path s3:").CompletionText | Should -Be "'s3://no-such-bucket/kept'"
            (Complete "Test-CryoBackup -Config '$other' -Path az").CompletionText | Should -Be "'azblob://account/container/copies'"
        }

        It 'offers the backups of the configured folder, newest first, then files, at <_>' -ForEach 'Test-CryoBackup ', 'Restore-CryoBackup ', 'Test-CryoBackup -Path ' {
            $found = (Complete $_).CompletionText
            $found[0..1] | Should -Be $offered
            $found | Should -Contain './notes.txt'
            & ([scriptblock]::Create("Test-CryoBackup $($found[0]) -Quiet")) | Should -BeTrue
        }

        It 'follows what is typed: the name of a backup, or of a file' {
            (Complete 'Test-CryoBackup cryo_comp').CompletionText | Should -Be $offered[1]
            (Complete 'Test-CryoBackup no').CompletionText | Should -Be './notes.txt'
            (Complete 'Test-CryoBackup ./no').CompletionText | Should -Be './notes.txt'
            (Complete 'Test-CryoBackup ./config/cry').CompletionText | Should -Be './config/cryobackup.yaml'
        }

        It 'offers the folder itself where one is asked for' {
            (Complete 'Get-CryoBackup ').CompletionText[0] | Should -Be "'./kept ``[here``]'"
            Complete 'Restore-CryoBackup -Latest -Path kept' | ForEach-Object CompletionText | Select-Object -First 1 | Should -Be "'./kept ``[here``]'"
        }

        It 'reads the configuration that the line names' {
            $other = Join-Path $TestDrive 'other.yaml'
            Set-Content -LiteralPath $other -Value 'local_backup_dir: backups'
            (Complete "Test-CryoBackup -Config '$other' -Path cryo").CompletionText | Should -Be $backup.Path
        }

        It 'completes files alone where there is no configuration, or a bad one' {
            Push-Location -LiteralPath (Join-Path $project 'config')
            (Complete 'Test-CryoBackup ').CompletionText | Should -Be './cryobackup.yaml'
            $null = New-Item -ItemType Directory -Path 'config'
            Set-Content -LiteralPath 'config/cryobackup.yaml' -Value 'local_backup_dri: kept'
            (Complete 'Test-CryoBackup cry').CompletionText | Should -Be './cryobackup.yaml'
            Pop-Location
        }
    }
}
