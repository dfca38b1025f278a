/** The page by which a browser takes part in a federation. */
import { render } from 'preact';

const app = document.getElementById('app');
if (app !== null) render(<main>Commonweight</main>, app);
